"""Fooled: static that is pushed, pixel by pixel, until the measuring network takes it for faces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.blind import gauge, pictures, shown
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

COUNT = 40  # pictures that are pushed: as many as real ones beside them
AGAINST = 160  # real faces that both are measured against
RATE = 0.03
STARTS = {
    "noise": ("static", "ruido"), "grey": ("plain grey", "gris liso"),
    "one": ("one face, again and again", "una cara, una y otra vez"),
}  # fmt: skip


def fool(start: str, steps: int, eyes: str, seed: int, lang: str) -> Iterator[tuple]:
    """Gradient steps on the pixels until the features of nonsense are those of real faces."""
    import torch

    from genmodels.runtime import noise

    mine = pictures.clean(AGAINST, seed)
    for done in gauge.prepare("reader", AGAINST, seed):
        yield shown.waiting(mine, done, lang), "", {"step": done}
    list(gauge.prepare(eyes, AGAINST, seed))
    bench, judge = (gauge.known[e, AGAINST, seed] for e in ("reader", eyes))
    wanted = bench.clean.features[:COUNT]
    x = 0.4 * noise(seed, COUNT, (3, 64, 64)) if start == "noise" else torch.zeros(COUNT, 3, 64, 64)
    x = bench.x[-1:].repeat(COUNT, 1, 1, 1) if start == "one" else x
    first = x = x.clamp(-1, 1)
    for step, x, off in pushed(first, wanted, steps):
        page = plate(first, x, bench.x[:COUNT], lang)
        yield page, "", {"step": step, "off_features": off}
    values = [gauge.measure(judge.real, gauge.look(eyes, v)) for v in (first, x, bench.x[:COUNT])]
    yield page, told(values, eyes, lang), {"step": steps, "off_features": off}


def pushed(x: Tensor, wanted: Tensor, steps: int) -> Iterator[tuple[int, Tensor, float]]:
    """(step, pictures, how far their features are off, against those that are wanted) every few steps."""
    import torch

    from genmodels.metrics.features import AttributesNet

    scale = wanted.var(0).sum()
    with kit.model(AttributesNet, "attributes-faces") as net:
        x, wanted = x.to(net.device, torch.float32), wanted.to(net.device)
        mean, square = torch.zeros_like(x), torch.zeros_like(x)
        for k in range(steps + 1):
            with torch.enable_grad():
                y = x.detach().requires_grad_(True)
                loss = (net.features(y) - wanted).square().sum(1).mean() / scale
                [slope] = torch.autograd.grad(loss, y)
            if k % 2 == 0 or k == steps:
                yield k, x.cpu(), 100 * loss.item()
            mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope.square()
            way = mean / (1 - 0.9 ** (k + 1)) / ((square / (1 - 0.99 ** (k + 1))).sqrt() + 1e-12)
            x = (x - RATE * way).clamp(-1, 1)  # Adam's step


def plate(first: Tensor, x: Tensor, real: Tensor, lang: str) -> Any:
    return plates.plate(
        shown.strip(say(lang, "where it starts", "de dónde parte"), first),
        shown.strip(say(lang, "what the network takes for…", "lo que la red toma por…"), x),
        shown.strip(say(lang, "…these", "…estas"), real),
    )


def told(values: list[dict[str, float]], eyes: str, lang: str) -> str:
    head = ["", say(lang, "at the start", "al comienzo"), say(lang, "pushed", "empujadas"),
            say(lang, "real faces", "caras reales")]  # fmt: skip
    rows = [
        (say(lang, *words), *(shown.short(v[key], lang) for v in values))
        for key, words in gauge.NAMES.items()
    ]
    if eyes == "reader":
        en = (
            "Nobody would take the middle row for faces, and every measure on this network's features is as "
            "content with it as with real ones. A measure judges what its eyes hand it. Fine detail and the "
            "nearness to training look at pixels and don't agree; let the blurred pixels judge, too."
        )
        es = (
            "Nadie tomaría la fila del medio por caras, y toda medida sobre los rasgos de esta red queda tan "
            "contenta con ella como con las reales. Una medida juzga lo que sus ojos le entregan. El detalle "
            "fino y la cercanía al entrenamiento miran píxeles y no opinan igual; haz que juzguen también "
            "los píxeles borrosos."
        )
    else:
        en = (
            "Other eyes, and most of the spell is broken: what was pushed to please one network does not "
            "please sixteen numbers of blurred pixels. But they have blind spots of their own: look at the "
            "precision."
        )
        es = (
            "Otros ojos, y casi todo el hechizo se rompe: lo que se empujó para agradar a una red no agrada "
            "a dieciséis números de píxeles borrosos. Pero ellos tienen sus propios puntos ciegos: mira la "
            "precisión."
        )
    return plots.table(head, rows) + f"<p>{say(lang, en, es)}</p>"


def fool_code(start: str, steps: int, eyes: str, seed: int) -> str:
    return (
        "import torch\nfrom genmodels import families\n"
        "from genmodels.metrics.features import AttributesNet\n\n"
        'net = AttributesNet.from_pretrained("attributes-faces")\n'
        'wanted = net.features(families.last(families.load(families.entry("real-faces"))(100_000, 8)))\n'
        f"x = torch.zeros(8, 3, 64, 64, requires_grad=True)\n"
        f"adam = torch.optim.Adam([x], {RATE})\n"
        f"for _ in range({steps}):\n"
        "    loss = (net.features(x) - wanted).square().sum(1).mean()\n"
        "    [x.grad] = torch.autograd.grad(loss, x)\n"
        "    adam.step()\n"
        "print(loss.item())  # a grey nothing that reads like eight faces\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("fool", "Fooled", "Engañada") as view:
        with view.controls():
            start = kit.choice([(t(*w), k) for k, w in STARTS.items()], t("Start from", "Partir de"))
            steps = kit.slider(0, 60, 30, t("Steps", "Pasos"), step=2)
            eyes = kit.choice([(t(*w), k) for k, w in gauge.EYES.items()], t("Judged by", "Juzgadas por"))
            seed = kit.seed(1)
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [start, steps, eyes, seed]
        view.run(fool, inputs, [picture, words], ("Push", "Empujar"), fool_code)
