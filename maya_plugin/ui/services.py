"""What the panel works with: the host, the session, and the questions that only a person can answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from maya_plugin.core.contract import Host
from maya_plugin.core.session import Session
from maya_plugin.ui.qt import QtCore, QtGui, QtWidgets, Signal


class Relay(QtCore.QObject):
    """Carries the session's messages from its thread to the panel's: a signal between threads is queued."""

    message = Signal(object)

    def tell(self, message: object) -> None:
        self.message.emit(message)


def confirm(parent: QtWidgets.QWidget, title: str, words: str, yes: str) -> bool:
    """Whether the artist presses `yes`."""
    box = QtWidgets.QMessageBox(parent)
    box.setWindowTitle(title)
    box.setText(words)
    button = box.addButton(yes, QtWidgets.QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QtWidgets.QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(button)
    run_dialog(box)
    return box.clickedButton() is button


def file_to_open(parent: QtWidgets.QWidget, title: str, kinds: str) -> str:
    return str(QtWidgets.QFileDialog.getOpenFileName(parent, title, "", kinds)[0])


def file_to_save(parent: QtWidgets.QWidget, title: str, kinds: str) -> str:
    return str(QtWidgets.QFileDialog.getSaveFileName(parent, title, "", kinds)[0])


def folder_to_choose(parent: QtWidgets.QWidget, title: str) -> str:
    return str(QtWidgets.QFileDialog.getExistingDirectory(parent, title))


def run_dialog(dialog: QtWidgets.QDialog) -> bool:
    """Whether the dialog was accepted."""
    return bool(dialog.exec_() if hasattr(dialog, "exec_") else dialog.exec())


def open_path(path: str) -> bool:
    """Show a file or folder with whatever the system has for it."""
    return bool(QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(path)))


@dataclass
class Services:
    host: Host
    session: Session
    messages: Relay
    confirm: Callable[[QtWidgets.QWidget, str, str, str], bool] = confirm
    file_to_open: Callable[[QtWidgets.QWidget, str, str], str] = file_to_open
    file_to_save: Callable[[QtWidgets.QWidget, str, str], str] = file_to_save
    folder_to_choose: Callable[[QtWidgets.QWidget, str], str] = folder_to_choose
    run_dialog: Callable[[QtWidgets.QDialog], bool] = run_dialog
    open_path: Callable[[str], bool] = open_path


def services(host: Host) -> Services:
    """For a host, with a session that is not begun."""
    relay = Relay()
    return Services(host, Session(relay.tell), relay)
