"""The row LSTM of small grey garments: `python -m training.pixelrnn --minutes 14`.

The data and the measures are those of training/pixelcnn.py, so that the numbers compare. `--thin` stores the
finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import torch

from genmodels.autoregressive.pixelrnn import PixelRNN, PixelRNNConfig
from training import card, loop, pixelcnn, thinning

NAME = "pixelcnn-fashion-rnn"


def describe() -> card.Card:
    return card.Card(
        title="PixelRNN (row LSTM): fashion",
        what=(
            "The row LSTM of the PixelRNN paper: a state of every column goes down the rows, and predicts "
            "each pixel from a triangle of the pixels above it. Four greys, 16 x 16."
        ),
        data=(
            "Fashion-MNIST (Zalando, MIT), the 60,000 training images. Padded to 32 x 32, averaged to 16 x "
            "16, cut to four greys. The images do not ship."
        ),
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("pixelrnn", "autoregressive", "teaching"),
        limits=(
            "It knows centred grey garments and nothing else, and not by name: it can't be told a class. It "
            "decides pixel by pixel and never goes back. Its rows wait for one another, in training too."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=14)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    thinning.option(parser)
    parser.set_defaults(batch=32)  # as fast per picture as 128, so take the steps
    args = parser.parse_args()
    folder = args.out / NAME
    torch.manual_seed(args.seed)
    recipe = pixelcnn.recipe("fashion", NAME, PixelRNN(PixelRNNConfig()), args)
    if args.thin:
        thinning.remade(recipe, PixelRNN.from_pretrained(folder), folder, pixelcnn.golden, args)
    elif not args.measure:
        model, took = loop.train(recipe, args)
        card.finish(model, folder, pixelcnn.golden, took, args.device)
    model = PixelRNN.from_pretrained(folder)
    values = {k: round(v, 4) for k, v in pixelcnn.measure("fashion", model, args.data).items()}
    card.record(folder, measures=values)
    card.write_card(folder, describe(), "python -m training.pixelrnn --measure")
    print(folder.name, values)


if __name__ == "__main__":
    main()
