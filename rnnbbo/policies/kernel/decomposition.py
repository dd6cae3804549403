"""What a front does not dominate within a reference point, as boxes between ranks."""

import numpy as np

# From and to a rank of objective 1, up to one of objective 2, since a level of objective 3.
_Strip = tuple[int, int, int, int]


def ranks_of(w: np.ndarray) -> np.ndarray:
    """Return the rank of each of m values (m, K) among those of its objective, (m, K)."""
    order = np.argsort(w, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(w))[:, None], axis=0)
    return rank


def decompose(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes of what a front of m values does not dominate, lower and upper (B, K).

    Coordinates are ranks from 0, m that of the reference point and -1 minus infinity. A sweep along
    the last objective; with two objectives there is but one level (Yang et al. 2019, section 3.2).

    Args:
        rank: (m, K) of each value among the front's values of each objective, K 2 or 3.
    """
    m, dim = rank.shape
    level = np.argsort(rank[:, 2]) if dim == 3 else np.arange(m)
    strips: list[_Strip] = [(-1, m, m, -1)]
    boxes = []
    for index in level:
        first, second = int(rank[index, 0]), int(rank[index, 1])
        now = int(rank[index, 2]) if dim == 3 else -1
        kept: list[_Strip] = []
        cut: list[_Strip] = []
        for strip in strips:
            (cut if strip[1] > first and strip[2] > second else kept).append(strip)
        for begin, end, height, since in cut:
            if since < now:
                boxes.append((begin, end, height, since, now))
            if begin < first:
                kept.append((begin, first, height, now))
        if cut:
            kept.append((first, max(end for _, end, _, _ in cut), second, now))
        strips = kept
    boxes += [(begin, end, height, since, m) for begin, end, height, since in strips]
    table = np.array(sorted(boxes))
    lower = np.column_stack([table[:, 0], np.full(len(table), -1), table[:, 3]])
    upper = np.column_stack([table[:, 1], table[:, 2], table[:, 4]])
    return lower[:, :dim], upper[:, :dim]
