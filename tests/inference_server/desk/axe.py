"""What axe-core finds wrong with a page for those who hear it, or see colours otherwise."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def complaints(page, node_modules):
    """The broken rules, each with the elements that break it."""
    page.evaluate((node_modules / "axe-core" / "axe.min.js").read_text("utf-8") + "; undefined")
    found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", RULES)
    return {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in found["violations"]}
