"""The contract, put to the test: the same z under every label. Who decided what, the label or the noise?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.cgan import labels, models, traits
from demos.cgan.labels import FACES
from demos.cgan.pictures import columns_of, headed
from demos.cgan.sample import truncation_slider
from demos.kit import pixels, plates, plots, say, t

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

MANY = 16  # noises that the shares are measured over
PART = 4  # of them between two signs


def same(checkpoint: str, seed: int, rows: int, truncation: float, lang: str) -> Iterator[tuple]:
    """A row is one z, a column one label; where labels change the picture; and who decides each trait."""
    import torch

    found = []
    with models.use(checkpoint) as model:
        y = models.one_hot(model, labels.every(checkpoint))
        z = models.noise(model, seed, MANY, truncation)
        shown = sheet(checkpoint, under(model, z[:rows], y), lang)
        for part in z.split(PART):
            yield shown, None, "", {}
            found.append(under(model, part, y))
    x = torch.cat(found)  # (MANY, labels, C, H, W)
    parts = traits.decided(checkpoint, x)
    shares = table(checkpoint, parts, lang)
    yield shown, where(checkpoint, x, lang), shares, {"by_label": traits.unasked(parts)}


def under(model: Any, z: Tensor, y: Tensor) -> Tensor:
    """Each z under each label: (Z, L, C, H, W)."""
    x = models.draw(model, z.repeat_interleave(len(y), 0), y.repeat(len(z), 1))
    return x.unflatten(0, (len(z), len(y)))


def sheet(checkpoint: str, x: Tensor, lang: str) -> Image.Image:
    """Rows of z. The labels in two blocks, one above the other."""
    n, every = columns_of(checkpoint), labels.every(checkpoint)
    blocks = []
    for k in range(0, len(every), n):
        heads, caption = [labels.words(checkpoint, y, lang) for y in every[k : k + n]], ""
        if checkpoint == FACES:
            heads = [say(lang, *pair) for pair in labels.HAIR.values()]
            caption = say(lang, *list(labels.GLASSES.values())[k // n])
        blocks.append(headed(models.seen(checkpoint, x[:, k : k + n].flatten(0, 1)), heads, caption))
    return plates.plate(*blocks)


def where(checkpoint: str, x: Tensor, lang: str) -> Image.Image:
    """How much each pixel varies with one attribute while all else stays, and how much with the noise."""
    groups = labels.GROUPS[checkpoint]
    sizes = [len(group) for group in groups.values()][::-1]
    x = models.seen(checkpoint, x).unflatten(1, sizes)  # (Z, glasses, hair, C, H, W), or (Z, garment, ...)
    maps = [x.std(d).flatten(0, -3).mean(0) for d in range(len(sizes), -1, -1)]
    top = max(m.max().item() for m in maps)
    names = [say(lang, *labels.ATTRIBUTES[name]).lower() for name in groups] + ["z"]
    words = say(lang, "varies with", "varía con")
    tiles = (
        plates.block(f"{words}: {name}", pixels.heat(m[None], top), tile=300, type=27)
        for name, m in zip(names, maps, strict=True)
    )
    return plates.beside(*tiles)


def table(checkpoint: str, parts: dict[str, traits.Parts], lang: str) -> str:
    """Each trait as a bar of three colours."""
    title = say(lang, "Who decides what?", "¿Quién decide qué?")
    n, m = MANY, len(labels.every(checkpoint))
    about = say(
        lang,
        f"{n} z under {m} labels each, read by a network. Of the differences in a trait, how much goes with "
        "the label, how much with z, and how much with neither alone. The number is the label's.",
        f"{n} z con {m} etiquetas cada uno, leídos por una red. De las diferencias en un rasgo, cuánto va "
        "con la etiqueta, cuánto con z y cuánto con ninguno de los dos por sí solo. El número: la etiqueta.",
    )
    legend = plots.legend(
        ("mark", say(lang, "the label", "la etiqueta")),
        ("soft", "z"),
        ("warm", say(lang, "both together", "ambas juntas")),
    )
    rows = "".join(bar(say(lang, *traits.TRAITS[checkpoint][k]), p, lang) for k, p in parts.items())
    note = ""
    if checkpoint == FACES:
        note = say(
            lang,
            "In brackets, the label's share among the painter's own people: there grey hair comes with age, "
            "and fair skin with fair hair. Who learns these data learns that too; what goes beyond is the "
            "model's own.",
            "Entre paréntesis, la parte de la etiqueta entre las personas del pintor: ahí las canas vienen "
            "con la edad, y el pelo claro con la piel clara. Quien aprende esos datos aprende también eso; "
            "lo que pasa de ahí lo pone el modelo.",
        )
    return (
        f"<h4>{title}</h4><p>{about}</p>{legend}<div class='bar-rows'>{rows}</div><p class='hint'>{note}</p>"
    )


def bar(words: str, parts: traits.Parts, lang: str) -> str:
    left, pieces = 0.0, ""
    for kind, share in (("mark", parts.label), ("soft", parts.noise), ("warm", parts.both)):
        pieces += f"<b class='{kind}' style='left:{100 * left:.1f}%;width:{100 * share:.1f}%'></b>"
        left += share
    data = "" if parts.data is None else f" ({100 * parts.data:.0f} %)"
    widths = "grid-template-columns:minmax(100px,160px) 1fr 104px"
    return (
        f"<div class='bar-row' style='{widths}'><span>{words}</span>"
        f"<i style='background:none'>{pieces}</i><em>{100 * parts.label:.0f} %{data}</em></div>"
    )


def same_code(checkpoint: str, seed: int, rows: int, truncation: float) -> str:
    return (
        "import torch\n\nfrom genmodels.gan.cgan import CGAN\nfrom genmodels.gan.latent import truncated\n\n"
        f'model = CGAN.from_pretrained("{checkpoint}")\n'
        f"labels = {every_code(checkpoint)}\n"
        "y = torch.stack([model.label(*label) for label in labels])\n"
        f"z = truncated({seed}, {rows}, model.config.latent, {truncation:g})\n"
        "x = torch.stack([model.generator(row.expand(len(y), -1), y) for row in z])  # (z, label, C, H, W)\n"
    )


def every_code(checkpoint: str) -> str:
    hair = "[(hair, glasses) for glasses in range(2) for hair in range(6)]"
    return hair if checkpoint == FACES else "[(k,) for k in range(10)]"


def layout(tab: kit.Tab) -> None:
    with tab.view("same", "Same noise", "Mismo ruido") as view:
        with view.controls():
            seed = kit.seed(1, t("Seed of the first row", "Semilla de la primera fila"))
            rows = kit.slider(1, 8, 3, t("Rows: one z each", "Filas: un z cada una"), step=1)
            truncation = truncation_slider()
        with view.result():
            picture = plates.view()
            maps = plates.view()
            shares = kit.html()
        inputs = [tab.checkpoint, seed, rows, truncation]
        view.run(same, inputs, [picture, maps, shares], ("Draw all", "Dibujar todo"), same_code)
        view.on([rows.release, truncation.release], same)
