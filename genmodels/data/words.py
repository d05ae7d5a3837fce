"""The words of the captions. In Spanish a word with gender is (masculine, feminine, m. plural, f. plural)."""

# ---- faces, English

EN_PERSON = {
    "f": {"child": "girl", "young": "young woman", "adult": "woman", "old": "old woman"},
    "m": {"child": "boy", "young": "young man", "adult": "man", "old": "old man"},
    "n": {"child": "child", "young": "young person", "adult": "person", "old": "old person"},
}
EN_MOOD = {"sad": "sad", "serious": "serious", "smiling": "smiling", "laughing": "laughing"}
EN_HAIR = {
    "bald": "a bald head",
    "balding": "a little {c} hair at the sides",
    "buzz": "cropped {c} hair",
    "short": "short tousled {c} hair",
    "quiff": "{a_c} quiff",
    "side_part": "{c} hair parted on the side",
    "mohawk": "{a_c} mohawk",
    "curly": "curly {c} hair",
    "afro": "{a_c} afro",
    "fringe": "{c} hair with a fringe",
    "bob": "{a_c} bob",
    "long_straight": "long straight {c} hair",
    "long_wavy": "long wavy {c} hair",
    "bun": "{a_c} bun",
    "ponytail": "{a_c} ponytail",
    "braids": "{c} braids",
    "under": "{c} hair",
}
EN_DETAIL = {
    "beard": {"stubble": "stubble", "moustache": "a moustache", "full": "a full beard"},
    "glasses": {"round": "round glasses", "square": "square glasses", "sunglasses": "sunglasses"},
    "earrings": {"studs": "stud earrings", "hoops": "hoop earrings", "drops": "drop earrings"},
    "freckles": {"yes": "freckles"},
    "eyes": {
        "dark": "dark eyes",
        "brown": "brown eyes",
        "hazel": "hazel eyes",
        "green": "green eyes",
        "blue": "blue eyes",
        "grey": "grey eyes",
    },
}
EN_CLOTH = {
    "tomato": "red",
    "mustard": "mustard",
    "forest": "green",
    "teal": "teal",
    "navy": "navy blue",
    "plum": "plum",
    "rose": "pink",
    "cream": "cream",
    "charcoal": "dark grey",
    "sky": "light blue",
    "olive": "olive",
    "lavender": "lavender",
}
EN_HAT = {"beanie": "{a_c} beanie", "cap": "{a_c} cap", "brimmed": "{a_c} hat", "beret": "{a_c} beret"}
EN_CLOTHES = {
    "crew": "{a_c} T-shirt",
    "v_neck": "{a_c} V-neck jumper",
    "collar": "{a_c} shirt with a pale collar",
    "turtleneck": "{a_c} turtleneck",
    "hoodie": "{a_c} hoodie",
    "striped": "{a_c} striped T-shirt",
    "dungarees": "{d} dungarees over {a_c} T-shirt",
    "scoop": "{a_c} blouse and beads",
}
EN_GROUND = {
    "peach": "peach",
    "butter": "pale yellow",
    "sage": "pale green",
    "mint": "mint green",
    "sky": "sky blue",
    "lilac": "lilac",
    "rose": "pink",
    "sand": "sand-coloured",
    "terracotta": "terracotta",
    "lagoon": "sea green",
    "slate": "grey-blue",
    "dusk": "deep violet",
}

# ---- faces, Spanish

ES_PERSON = {
    "f": {
        "child": ("nena", "f"),
        "young": ("mujer joven", "f"),
        "adult": ("mujer", "f"),
        "old": ("anciana", "f"),
    },
    "m": {
        "child": ("nene", "m"),
        "young": ("hombre joven", "m"),
        "adult": ("hombre", "m"),
        "old": ("anciano", "m"),
    },
    "n": {
        "child": ("criatura", "f"),
        "young": ("persona joven", "f"),
        "adult": ("persona", "f"),
        "old": ("persona mayor", "f"),
    },
}
ES_MOOD = {
    "sad": "triste",
    "serious": ("serio", "seria"),
    "smiling": "sonriente",
    "laughing": ("muy risueño", "muy risueña"),
}
ES_HAIR_COLOUR = {
    "black": ("negro", "negra", "negros", "negras"),
    "brown": ("castaño", "castaña", "castaños", "castañas"),
    "blond": ("rubio", "rubia", "rubios", "rubias"),
    "red": ("rojo", "roja", "rojos", "rojas"),
    "grey": ("canoso", "canosa", "canosos", "canosas"),
    "pink": ("rosado", "rosada", "rosados", "rosadas"),
    "purple": ("violeta", "violeta", "violetas", "violetas"),
    "blue": ("azul", "azul", "azules", "azules"),
    "turquoise": ("turquesa", "turquesa", "turquesas", "turquesas"),
}
ES_HAIR = {
    "bald": "de cabeza rapada",
    "balding": "con un poco de pelo {m} a los costados",
    "buzz": "de pelo {m} muy corto",
    "short": "de pelo {m} corto y revuelto",
    "quiff": "con un jopo {m}",
    "side_part": "de pelo {m} con raya al costado",
    "mohawk": "con una cresta {f}",
    "curly": "de rulos {mp}",
    "afro": "con un afro {m}",
    "fringe": "de pelo {m} con flequillo",
    "bob": "con una melena corta {f}",
    "long_straight": "de pelo {m} largo y lacio",
    "long_wavy": "de pelo {m} largo y ondulado",
    "bun": "con un rodete {m}",
    "ponytail": "con una cola de caballo {f}",
    "braids": "con trenzas {fp}",
    "under": "de pelo {m}",
}
ES_DETAIL = {
    "beard": {"stubble": "barba de unos días", "moustache": "bigote", "full": "barba tupida"},
    "glasses": {
        "round": "anteojos redondos",
        "square": "anteojos cuadrados",
        "sunglasses": "anteojos de sol",
    },
    "earrings": {"studs": "aros chiquitos", "hoops": "argollas", "drops": "aros colgantes"},
    "freckles": {"yes": "pecas"},
    "eyes": {
        "dark": "ojos oscuros",
        "brown": "ojos marrones",
        "hazel": "ojos color miel",
        "green": "ojos verdes",
        "blue": "ojos azules",
        "grey": "ojos grises",
    },
}
ES_CLOTH = {
    "tomato": ("rojo", "roja"),
    "mustard": "mostaza",
    "forest": "verde",
    "teal": "verde petróleo",
    "navy": "azul marino",
    "plum": "ciruela",
    "rose": "rosa",
    "cream": "crema",
    "charcoal": "gris oscuro",
    "sky": "celeste",
    "olive": "verde oliva",
    "lavender": "lila",
}
ES_HAT = {
    "beanie": ("gorro de lana", "m"),
    "cap": ("gorra", "f"),
    "brimmed": ("sombrero", "m"),
    "beret": ("boina", "f"),
}
ES_CLOTHES = {
    "crew": ("remera {c}", "f"),
    "v_neck": ("pulóver {c} con escote en V", "m"),
    "collar": ("camisa {c} de cuello claro", "f"),
    "turtleneck": ("polera {c}", "f"),
    "hoodie": ("buzo {c} con capucha", "m"),
    "striped": ("remera {c} a rayas", "f"),
    "dungarees": ("jardinero {d} y remera {c}", "f"),
    "scoop": ("blusa {c} y un collar", "f"),
}
ES_GROUND = {
    "peach": "durazno",
    "butter": "amarillo claro",
    "sage": "verde claro",
    "mint": "verde menta",
    "sky": "celeste",
    "lilac": "lila",
    "rose": "rosa",
    "sand": "color arena",
    "terracotta": "terracota",
    "lagoon": "verde mar",
    "slate": "gris azulado",
    "dusk": "violeta oscuro",
}

# ---- sprites


def seen_eyes(kind: str) -> tuple[str, ...]:
    """The kinds of eyes that this body plan shows as they are named; the other plans change them."""
    if kind in ("knight", "robot"):
        return ()
    return {"golem": ("glowing", "one"), "bird": ("glowing", "three"), "bug": ("glowing", "one")}.get(
        kind, ("glowing", "one", "three")
    )


EN_RAMP = {"bone": "bone-white", "night": "midnight-blue", "gold": "golden"} | {
    c: c for c in ("red", "orange", "green", "teal", "blue", "purple", "pink", "brown", "grey")
}
EN_EYES = {"glowing": "glowing eyes", "one": "a single eye", "three": "three eyes"}
EN_EXTRA = {
    "horns": "horns",
    "antennae": "antennae",
    "ears": "pointed ears",
    "crown": "a crown",
    "spikes": "a crest of spikes",
}
EN_ACCENT = {
    "slime": "markings",
    "bat": "wings",
    "golem": "shoulders",
    "ghost": "markings",
    "plant": "petals",
    "bug": "shell",
    "knight": "armour plates",
    "dragon": "belly",
    "mushroom": "cap",
    "octopus": "tentacles",
    "robot": "parts",
    "bird": "wings",
    "beast": "belly",
}
ES_KIND = {
    "slime": ("gelatina", "f"),
    "bat": ("murciélago", "m"),
    "golem": ("gólem", "m"),
    "ghost": ("fantasma", "m"),
    "plant": ("flor", "f"),
    "bug": ("escarabajo", "m"),
    "knight": ("caballero", "m"),
    "dragon": ("dragón", "m"),
    "mushroom": ("hongo", "m"),
    "octopus": ("pulpo", "m"),
    "robot": ("robot", "m"),
    "bird": ("pájaro", "m"),
    "beast": ("bestia", "f"),
}
ES_RAMP = {
    "red": ("rojo", "roja", "rojos", "rojas"),
    "orange": ("naranja", "naranja", "naranjas", "naranjas"),
    "gold": ("dorado", "dorada", "dorados", "doradas"),
    "green": ("verde", "verde", "verdes", "verdes"),
    "teal": ("turquesa", "turquesa", "turquesas", "turquesas"),
    "blue": ("azul", "azul", "azules", "azules"),
    "purple": ("violeta", "violeta", "violetas", "violetas"),
    "pink": ("rosado", "rosada", "rosados", "rosadas"),
    "brown": ("marrón", "marrón", "marrones", "marrones"),
    "grey": ("gris", "gris", "grises", "grises"),
    "bone": "color hueso",
    "night": "azul noche",
}
ES_EYES = {"glowing": "ojos brillantes", "one": "un solo ojo", "three": "tres ojos"}
ES_EXTRA = {
    "horns": "cuernos",
    "antennae": "antenas",
    "ears": "orejas en punta",
    "crown": "una corona",
    "spikes": "una cresta de púas",
}
ES_ACCENT = {
    "slime": ("manchas", "fp"),
    "bat": ("alas", "fp"),
    "golem": ("hombros", "mp"),
    "ghost": ("manchas", "fp"),
    "plant": ("pétalos", "mp"),
    "bug": ("caparazón", "m"),
    "knight": ("placas", "fp"),
    "dragon": ("panza", "f"),
    "mushroom": ("sombrero", "m"),
    "octopus": ("tentáculos", "mp"),
    "robot": ("piezas", "fp"),
    "bird": ("alas", "fp"),
    "beast": ("panza", "f"),
}

# ---- densities: English, Spanish

POINTS = {
    "moons": ("two interleaved half moons", "dos medias lunas entrelazadas"),
    "rings": ("three concentric rings", "tres anillos concéntricos"),
    "spirals": ("two spiral arms", "dos brazos en espiral"),
    "checkerboard": ("a checkerboard", "un tablero de damas"),
    "eight_gaussians": ("eight Gaussians on a circle", "ocho gaussianas en un círculo"),
    "grid_gaussians": ("a grid of twenty-five Gaussians", "una grilla de veinticinco gaussianas"),
    "pinwheel": ("a pinwheel of five arms", "un molinete de cinco brazos"),
    "drawn": ("a density drawn by hand", "una densidad dibujada a mano"),
}
