"""A head that turns and speaks: the face of a picture on its own mesh, whose pose and mouth are known."""

import cv2
import numpy as np

from inference_server.models.faces import mesh

LOWER = 17  # the middle of the lower lip's lower edge


class Head:
    """The face of a picture (H, W, 3) uint8 sRGB."""

    def __init__(self, picture, reader):
        (found, *_) = reader.search(picture)
        read = reader.read(picture, found.region)
        self.picture, self.points = picture, read.points
        self.space = np.column_stack([read.points, read.depth])
        self.middle = np.append(read.points[[234, 454]].mean(0), read.depth[[234, 454]].mean())
        self.high = float(np.hypot(*(read.points[mesh.CHIN] - read.points[mesh.FOREHEAD])))
        height, width = picture.shape[:2]
        net = cv2.Subdiv2D((0, 0, width, height))
        net.insert([(float(x), float(y)) for x, y in read.points])
        places = {(round(x, 2), round(y, 2)): i for i, (x, y) in enumerate(np.float32(read.points).tolist())}
        corners = [
            [places.get((round(row[i], 2), round(row[i + 1], 2)), -1) for i in (0, 2, 4)]
            for row in net.getTriangleList().tolist()
        ]
        self.triangles = np.array([row for row in corners if min(row) >= 0])

    def at(self, yaw=0.0, opening=0.0):
        """(468, 3): turned by degrees about the vertical, its mouth opened by a share of the face's height."""
        space = self.space.copy()
        lip, chin = self.points[mesh.LOWER_LIP], self.points[mesh.CHIN]
        inner = self.points[[mesh.UPPER_LIP, mesh.LOWER_LIP]].mean(0)
        below = np.clip((space[:, 1] - inner[1]) / max(1e-6, (chin - lip)[1] * 0.2), 0, 1)
        beside = np.clip(1 - (np.abs(space[:, 0] - inner[0]) / (0.38 * self.high)) ** 2, 0, 1)
        space[:, 1] += opening * self.high * below * beside
        angle = np.radians(yaw)
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        return (space - self.middle) @ turn.T + self.middle

    def drawn(self, canvas, yaw=0.0, opening=0.0, move=(0.0, 0.0)):
        """A copy of a canvas (H, W, 3) uint8 with the face on it, as in the picture but moved."""
        made = canvas.copy()
        space = self.at(yaw, opening)
        places = space[:, :2] + move
        order = np.argsort(-space[self.triangles, 2].mean(1))
        for one in self.triangles[order]:
            source, target = self.points[one].astype(np.float32), places[one].astype(np.float32)
            (ax, ay), (bx, by), (cx, cy) = target
            x, y = (int(v) for v in np.floor(target.min(0)) - 1)
            wide, high = (int(v) for v in np.ceil(target.max(0)) + 1 - (x, y))
            x0, y0 = max(x, 0), max(y, 0)
            x1, y1 = min(x + wide, made.shape[1]), min(y + high, made.shape[0])
            if x0 >= x1 or y0 >= y1 or (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) <= 0:
                continue  # seen from behind, as the picture's own triangles run clockwise
            way = cv2.getAffineTransform(source - 0.5, np.float32(target - (x0, y0) - 0.5))
            size = (x1 - x0, y1 - y0)
            piece = cv2.warpAffine(self.picture, way, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            inside = np.zeros(size[::-1], np.uint8)
            cv2.fillConvexPoly(inside, np.round((target - (x0, y0)) * 16).astype(np.int32), 1, shift=4)
            made[y0:y1, x0:x1][inside > 0] = piece[inside > 0]
        if opening > 0:
            ring = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191]
            cv2.fillPoly(made, [np.round(places[ring] * 16).astype(np.int32)], (60, 20, 25), cv2.LINE_AA, 4)
        return made
