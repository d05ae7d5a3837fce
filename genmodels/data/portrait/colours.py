"""The paint box: limited warm palettes, chosen so that any background goes with any cloth."""

from .pen import mix, ramp, tint

SKIN = (
    (255, 228, 208), (251, 211, 181), (240, 188, 148), (214, 155, 112), (174, 116, 80), (130, 82, 59),
    (102, 65, 51),
)  # fmt: skip

HAIR = {  # darkest to lightest
    "black": ((30, 25, 33), (66, 52, 58)),
    "brown": ((82, 48, 34), (142, 90, 58)),
    "blond": ((206, 150, 76), (246, 214, 138)),
    "red": ((158, 58, 30), (222, 112, 56)),
    "grey": ((132, 132, 140), (226, 223, 218)),
    "dyed": ((226, 98, 142), (128, 102, 194), (60, 156, 172)),
}

EYES = {
    "dark": (62, 40, 32),
    "brown": (120, 74, 40),
    "hazel": (146, 114, 56),
    "green": (86, 138, 88),
    "blue": (74, 134, 192),
    "grey": (124, 142, 156),
}

CLOTH = {
    "tomato": (210, 86, 68),
    "mustard": (228, 170, 70),
    "forest": (70, 112, 90),
    "teal": (60, 136, 142),
    "navy": (54, 70, 110),
    "plum": (128, 74, 110),
    "rose": (224, 138, 144),
    "cream": (244, 232, 210),
    "charcoal": (72, 70, 80),
    "sky": (124, 172, 208),
    "olive": (144, 142, 82),
    "lavender": (168, 150, 200),
}

BACKGROUND = {
    "peach": (247, 209, 180),
    "butter": (248, 226, 164),
    "sage": (188, 209, 177),
    "mint": (178, 218, 206),
    "sky": (176, 209, 230),
    "lilac": (209, 197, 227),
    "rose": (241, 195, 194),
    "sand": (230, 216, 194),
    "terracotta": (224, 152, 122),
    "lagoon": (100, 156, 160),
    "slate": (128, 146, 170),
    "dusk": (92, 98, 140),
}

SHADE = (0.87, 0.76, 0.75)  # what light leaves on the shadow side: warm, not grey


class Paint:
    """The colours of one face, mixed once."""

    def __init__(self, face):
        self.skin = ramp(SKIN, face.skin)
        self.skin_shade = tint(self.skin, SHADE)
        self.skin_dark = tint(self.skin, (0.68, 0.52, 0.52))
        self.skin_light = mix(self.skin, (255, 244, 226), 0.3)
        self.cheek = mix(tint(self.skin, (1.0, 0.72, 0.7)), (236, 84, 84), 0.3)
        greying = max(0.0, face.age - 0.5) * 0.6 if face.hair_colour not in ("grey", "dyed") else 0.0
        self.hair = mix(ramp(HAIR[face.hair_colour], face.hair_shade), (206, 202, 200), greying)
        self.hair_shade = tint(self.hair, (0.76, 0.72, 0.78))
        self.hair_deep = tint(self.hair, (0.6, 0.56, 0.63))
        self.hair_light = mix(tint(self.hair, (1.12, 1.1, 1.06)), (255, 226, 190), 0.2)
        self.brow = mix(tint(self.hair, (0.72, 0.68, 0.68)), self.skin_dark, 0.15)
        self.ink = mix((52, 34, 38), tint(self.skin, (0.4, 0.3, 0.32)), 0.4)
        self.iris = EYES[face.eye_colour]
        self.cloth = CLOTH[face.clothes_colour]
        self.cloth_shade = tint(self.cloth, (0.82, 0.78, 0.82))
        self.cloth_light = mix(self.cloth, (255, 250, 236), 0.22)
        self.accent = CLOTH[face.accent]
        self.accent_shade = tint(self.accent, (0.8, 0.76, 0.8))
        self.accent_light = mix(self.accent, (255, 250, 236), 0.25)
        self.ground = BACKGROUND[face.background]
        self.ground_light = mix(self.ground, (255, 250, 238), 0.36)
        self.ground_shade = tint(self.ground, (0.91, 0.89, 0.92))
        self.lip = mix(self.skin_shade, (196, 48, 66), 0.55 - 0.33 * face.presentation)
