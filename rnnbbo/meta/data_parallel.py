"""Training by several processes: one update's parts are shared out, and its gradients gathered.

A batch is cut into shards, each with a generator of its own. What the parts of a batch are does not
depend on how many processes there are, and they are added up in the same order: on the CPU any
number of processes makes the same weights, to the bit.
"""

import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from rnnbbo.errors import ConfigError


class ProcessGroup:
    """The processes of a training, of which this is one.

    Attributes:
        rank: number of this process; process 0 writes.
        size: how many there are.
        device: torch device of this process.
    """

    def __init__(self, rank: int, size: int, device: str) -> None:
        """Describe a group that has been joined; `join` makes one."""
        self.rank, self.size, self.device = rank, size, device

    def mine(self, shards: int) -> range:
        """Return the numbers of the shards that this process computes.

        Raises:
            ConfigError: the shards cannot be shared out evenly.
        """
        if shards % self.size:
            raise ConfigError(
                f"train.shards = {shards}; expected a multiple of the {self.size} processes"
            )
        each = shards // self.size
        return range(self.rank * each, (self.rank + 1) * each)

    def gather(self, rows: Tensor) -> Tensor:
        """Return the rows (n, P) of every process, in the order of their numbers: (size n, P)."""
        if self.size == 1:
            return rows
        everyone = [torch.empty_like(rows) for _ in range(self.size)]
        dist.all_gather(everyone, rows.contiguous())
        return torch.cat(everyone)

    def wait(self) -> None:
        """Wait until every process is here: none may leave while another still works."""
        if self.size > 1:
            dist.barrier()

    def from_first(self, value: Any) -> Any:
        """Return the value that process 0 has."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=torch.device(self.device))
        return box[0]


def join(device: str) -> ProcessGroup:
    """Join the processes that torchrun started; without it, be a group of one.

    Args:
        device: "cuda" becomes the GPU of this process.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ProcessGroup(0, 1, device)
    gpu = device.startswith("cuda")
    if gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if gpu else "gloo")
    return ProcessGroup(dist.get_rank(), size, device)


def leave() -> None:
    """End the group, if there is one."""
    if dist.is_initialized():
        dist.destroy_process_group()
