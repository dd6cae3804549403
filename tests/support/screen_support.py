"""A pseudo-terminal, and the screen that its user sees."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import termios

PIECE = re.compile(r"\x1b\[A|\x1b\[J|\r|\n|[^\x1b\r\n]")


def screen_of(text, columns):
    """Return the lines that a terminal of so many columns shows of a text, blank ends aside.

    It knows what the display uses: both ends of lines, the cursor up, and erasing below it.
    """
    rows, row, column = [[]], 0, 0
    for piece in PIECE.findall(text):
        if piece == "\r":
            column = 0
        elif piece == "\x1b[A":
            row = max(row - 1, 0)
        elif piece == "\x1b[J":
            rows[row] = rows[row][:column]
            del rows[row + 1 :]
        else:
            if piece == "\n" or column == columns:
                row, column = row + 1, 0
                rows += [[]] if row == len(rows) else []
            if piece != "\n":
                rows[row] += " " * (column - len(rows[row]))
                rows[row][column : column + 1] = [piece]
                column += 1
    assert not re.sub(PIECE, "", text), "an escape code that this does not know"
    return ["".join(line).rstrip() for line in rows]


class PseudoTerminal:
    """A terminal of so many columns; `stream` writes to it, `read` is what came.

    Its reader reads only when it is asked to.
    """

    def __init__(self, columns=80, encoding="utf-8"):
        self.columns, self.encoding = columns, encoding
        self._master, self.slave = pty.openpty()
        self.resize(columns)
        self.stream = open(self.slave, "w", encoding=encoding, closefd=False)  # noqa: SIM115
        self._text = b""

    @contextlib.contextmanager
    def as_streams(self):
        """Let this process print to it."""
        with contextlib.redirect_stdout(self.stream), contextlib.redirect_stderr(self.stream):
            yield

    def resize(self, columns):
        """Give it another width."""
        self.columns = columns
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self):
        """Return everything that was written to it so far."""
        while select.select([self._master], [], [], 0.05)[0]:
            try:
                piece = os.read(self._master, 65536)
            except OSError:  # nobody has it open any more
                break
            if not piece:
                break
            self._text += piece
        return self._text.decode(self.encoding)

    def screen(self):
        """Return the lines that its user sees."""
        return screen_of(self.read(), self.columns)

    def close_slave(self):
        """Leave it to the processes that have it open."""
        self.stream.close()
        os.close(self.slave)
        self.slave = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.slave >= 0:
            self.close_slave()
        os.close(self._master)
