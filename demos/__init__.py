"""What a visitor sees. The table of contents: chapters in reading order, each with the modules of its tabs.

To add a tab: write demos/<stem>.py and demos/texts/<stem>.{en,es}.md, and put <stem> in its chapter. A
chapter without tabs is not shown.
"""

CHAPTERS = (
    (("Foundations", "Fundamentos"), ("map", "classes")),
    (("Autoencoders", "Autocodificadores"), ("vae_plane", "vae_faces", "autoencoder_kl")),
    (("Adversaries", "Adversarios"), ("laboratory", "gan", "cgan")),
    (("One pixel at a time", "De a un píxel"), ("pixelcnn", "palette", "pixelvae", "vqvae", "imagegpt")),
    (("Flows and energies", "Flujos y energías"), ("change", "flows", "glow", "energy", "rbm", "score")),
    (("Diffusion", "Difusión"), ("diffusion", "samplers", "guidance", "repair", "bugs")),
    (("Text", "Texto"), ("tokens", "cell", "write", "inside", "blanks", "translate", "leash", "then")),
    (("Music", "Música"), ()),
    (("Words and pictures", "Palabras e imágenes"), ()),
    (("Editing and translation", "Edición y traducción"), ()),
    (("Worlds and scenes", "Mundos y escenas"), ()),
    (("Side by side", "Lado a lado"), ("trilemma", "same", "blind")),
)
