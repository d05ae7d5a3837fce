"""What can go wrong with a checkpoint or a machine, in words a person can act on.

One exception with a one-word `cause` and the facts of the case, so that a page can say the same sentence in
another language. A new cause is one line here, and one line in the page's table of translations.
"""

MESSAGES = {
    # from the Hub
    "not_found": "The Hub has no {file} in {name} at {revision}. Check the name, or update the gallery.",
    "gated": "{name} is gated, private or misspelt. Accept its terms on its Hub page and set HF_TOKEN.",
    "busy": "The Hub asks this machine to wait (429) for {name}. Try again in some minutes, or set HF_TOKEN.",
    "server": "The Hub answered {status} for {name}. The fault is on its side: try again later.",
    "slow": "{name}: nothing arrived from the Hub for {seconds} s, several times. Try again.",
    "cut": "{name}: the download broke off, several times. Try again.",
    "offline": "{name} is not on this machine, and the Hub can't be reached. Connect once to fetch it.",
    "not_hub": "What answers at {endpoint} is not the Hub: a login page, or a wrong HF_ENDPOINT.",
    "disk": "{name} needs {need} and the disk that holds {folder} has {free} free. Make room or set HF_HOME.",
    "read_only": "{folder} can't be written. Set HF_HOME to a folder of yours.",
    "unknown": "{name} is neither a folder, nor in weights/, nor the owner/repo of a Hub model.",
    "no_weights": "{folder} has no {file}.",
    # in the file
    "size": "{file} has {size} bytes, not the {expected} that were published. It was not loaded.",
    "hash": "{file} has sha256 {sha256}, not the published {expected}. It was not loaded.",
    "pickle": "{file} is not safetensors ({found}). Pickles can run code, so they are never opened.",
    "header": "{file} is damaged: {found}. It was not loaded.",
    "truncated": "{file} ends after {size} of {expected} bytes. It was not loaded.",
    "nan": "{file}: {key} holds values that are not finite numbers. It was not loaded.",
    # against the class
    "class": "{file} describes a {found}, not a {expected}.",
    "config": "{file}: {found}.",
    "missing": "{file} lacks {key}.",
    "extra": "{file} has {key}, which the model doesn't know.",
    "dtype": "{file}: {key} is {dtype}, the model expects {expected}.",
    "shape": "{file}: {key} has shape {shape}, the model expects {expected}.",
    # on this machine
    "memory": "{name} needs {need}; this machine allows {budget} for models. Choose a smaller checkpoint.",
    "in_use": "{name} needs {need}, and {used} of the {budget} for models are in use. Try again in a moment.",
    "device": "No device called {name} here. This machine has: {found}.",
}


class Problem(RuntimeError):
    """An expected failure. `cause` is a key of MESSAGES, `facts` fill its sentence."""

    def __init__(self, cause: str, **facts: object):
        super().__init__(MESSAGES[cause].format(**facts))
        self.cause, self.facts = cause, facts
