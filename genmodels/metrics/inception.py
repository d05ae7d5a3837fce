"""The network on whose features published Frechet distances are taken: Inception v3 as TensorFlow shipped it.

Szegedy et al. 2016, arXiv:1512.00567, with the weights of 2015-12-05 that Heusel et al. 2017 used, in the
names that pytorch-fid gave them (`pt_inception-2015-12-05`). It differs from torchvision's in its pooling:
borders do not count in averages, and the last block takes a maximum where the paper has an average. The
weights are not ours and do not ship: they are read from a safetensors with those names, and the pickle in
which they were published is never opened here.

A distance on few samples is biased upwards: published ones are of 50,000.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.metrics.frechet import frechet_distance, moments

SIDE, FEATURES, PART = 299, 2048, 32
UNUSED = ("fc.", ".num_batches_tracked")  # the classifier, and counts of a training long over


class Conv(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, kernel: int | tuple = 1, stride: int = 1, padding: int | tuple = 0
    ):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def across(inputs: int, outputs: int, size: int) -> Conv:
    """A row of pixels."""
    return Conv(inputs, outputs, (1, size), padding=(0, size // 2))


def down(inputs: int, outputs: int, size: int) -> Conv:
    return Conv(inputs, outputs, (size, 1), padding=(size // 2, 0))


def mean(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class A(nn.Module):
    """35 x 35: one, five, twice three, and what is pooled."""

    def __init__(self, inputs: int, pooled: int):
        super().__init__()
        self.branch1x1 = Conv(inputs, 64)
        self.branch5x5_1, self.branch5x5_2 = Conv(inputs, 48), Conv(48, 64, 5, padding=2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Conv(inputs, 64), Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = Conv(96, 96, 3, padding=1)
        self.branch_pool = Conv(inputs, pooled)

    def forward(self, x: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(x))
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, three, self.branch_pool(mean(x))], 1)


class B(nn.Module):
    """To 17 x 17."""

    def __init__(self, inputs: int):
        super().__init__()
        self.branch3x3 = Conv(inputs, 384, 3, 2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Conv(inputs, 64), Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = Conv(96, 96, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), three, F.max_pool2d(x, 3, 2)], 1)


class C(nn.Module):
    """17 x 17: sevens in rows and columns."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.branch1x1, self.branch_pool = Conv(inputs, 192), Conv(inputs, 192)
        self.branch7x7_1, self.branch7x7_2 = Conv(inputs, width), across(width, width, 7)
        self.branch7x7_3 = down(width, 192, 7)
        self.branch7x7dbl_1, self.branch7x7dbl_2 = Conv(inputs, width), down(width, width, 7)
        self.branch7x7dbl_3, self.branch7x7dbl_4 = across(width, width, 7), down(width, width, 7)
        self.branch7x7dbl_5 = across(width, 192, 7)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(mean(x))], 1)


class D(nn.Module):
    """To 8 x 8."""

    def __init__(self, inputs: int):
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = Conv(inputs, 192), Conv(192, 320, 3, 2)
        self.branch7x7x3_1, self.branch7x7x3_2 = Conv(inputs, 192), across(192, 192, 7)
        self.branch7x7x3_3, self.branch7x7x3_4 = down(192, 192, 7), Conv(192, 192, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([three, seven, F.max_pool2d(x, 3, 2)], 1)


class E(nn.Module):
    """8 x 8: threes split into a row and a column. `largest`: pools by the maximum."""

    def __init__(self, inputs: int, largest: bool):
        super().__init__()
        self.largest = largest
        self.branch1x1, self.branch_pool = Conv(inputs, 320), Conv(inputs, 192)
        self.branch3x3_1 = Conv(inputs, 384)
        self.branch3x3_2a, self.branch3x3_2b = across(384, 384, 3), down(384, 384, 3)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Conv(inputs, 448), Conv(448, 384, 3, padding=1)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = across(384, 384, 3), down(384, 384, 3)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        split = [self.branch3x3_2a(once), self.branch3x3_2b(once)]
        split += [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)]
        pooled = F.max_pool2d(x, 3, 1, 1) if self.largest else mean(x)
        return torch.cat([self.branch1x1(x), *split, self.branch_pool(pooled)], 1)


class Inception(nn.Module):
    """Pictures (B, 3 or 1, H, W) in [-1, 1] -> features (B, 2048)."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3, self.Conv2d_2a_3x3 = Conv(3, 32, 3, 2), Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = Conv(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1, self.Conv2d_4a_3x3 = Conv(64, 80), Conv(80, 192, 3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = A(192, 32), A(256, 64), A(288, 64)
        self.Mixed_6a, self.Mixed_6b, self.Mixed_6c = B(288), C(768, 128), C(768, 160)
        self.Mixed_6d, self.Mixed_6e = C(768, 160), C(768, 192)
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = D(768), E(1280, False), E(2048, True)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x.expand(-1, 3, -1, -1), (SIDE, SIDE), mode="bilinear", align_corners=False)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))  # (B, 64, 147, 147)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))  # (B, 192, 71, 71)
        x = F.max_pool2d(x, 3, 2)
        for name in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"):
            x = getattr(self, f"Mixed_{name}")(x)
        return x.mean((2, 3))  # of (B, 2048, 8, 8)

    @classmethod
    def read(cls, file: Path) -> "Inception":
        """Every key and shape as expected, or an error that names the first that is not."""
        model, found = cls(), load_file(file)
        found = {k: v for k, v in found.items() if not (k.startswith(UNUSED[0]) or k.endswith(UNUSED[1]))}
        expected = {k: v for k, v in model.state_dict().items() if not k.endswith(UNUSED[1])}
        for key in sorted(expected.keys() ^ found.keys()):
            raise ValueError(f"{file.name}: {key} is {'missing' if key in expected else 'not of Inception'}")
        for key, value in expected.items():
            if value.shape != found[key].shape:
                raise ValueError(f"{file.name}: {key} is {tuple(found[key].shape)}, not {tuple(value.shape)}")
        model.load_state_dict(model.state_dict() | found)  # the counts of batches stay as they are
        return model.eval().requires_grad_(False)


def frechet_inception(file: Path, real: Tensor, made: Tensor) -> float:
    """The standard distance between two sets of pictures in [-1, 1]."""
    net = Inception.read(file)
    known, found = (moments(torch.cat([net(part) for part in x.split(PART)])) for x in (real, made))
    return frechet_distance(*found, *known).item()
