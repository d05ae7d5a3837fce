"""The Spanish of `genmodels.errors.MESSAGES`, and the way from a Problem to a message on the page."""

from demos.kit.lang import say
from genmodels.errors import Problem

SPANISH = {
    # from the Hub
    "not_found": "El Hub no tiene {file} en {name}, revisión {revision}. Revisa el nombre o actualiza la galería.",
    "gated": "{name} es privado, pide permiso o está mal escrito. Acepta sus condiciones en su página del Hub y define HF_TOKEN.",
    "busy": "El Hub pide esperar (429) para entregar {name}. Prueba en unos minutos o define HF_TOKEN.",
    "server": "El Hub respondió {status} al pedirle {name}. La falla es de su lado: prueba más tarde.",
    "slow": "{name}: pasaron {seconds} s sin que llegara nada del Hub, varias veces. Prueba de nuevo.",
    "cut": "{name}: la descarga se cortó varias veces. Prueba de nuevo.",
    "offline": "{name} no está en esta máquina y no se llega al Hub. Conéctate una vez para bajarlo.",
    "not_hub": "Lo que responde en {endpoint} no es el Hub: una página de acceso, o un HF_ENDPOINT equivocado.",
    "disk": "{name} necesita {need} y en el disco de {folder} quedan {free}. Haz lugar o define HF_HOME.",
    "read_only": "No se puede escribir en {folder}. Define HF_HOME con una carpeta tuya.",
    "unknown": "{name} no es una carpeta, ni está en weights/, ni es un modelo del Hub (dueño/repositorio).",
    "no_weights": "{folder} no tiene {file}.",
    # in the file
    "size": "{file} tiene {size} bytes y no los {expected} publicados. No se cargó.",
    "hash": "{file} tiene sha256 {sha256} y no el publicado, {expected}. No se cargó.",
    "pickle": "{file} no es safetensors ({found}). Un pickle puede ejecutar código: nunca se abre.",
    "header": "{file} está dañado: {found}. No se cargó.",
    "truncated": "{file} termina a los {size} de {expected} bytes. No se cargó.",
    "nan": "{file}: {key} contiene valores que no son números finitos. No se cargó.",
    # against the class
    "class": "{file} describe un {found}, no un {expected}.",
    "config": "{file}: {found}.",
    "missing": "A {file} le falta {key}.",
    "extra": "{file} trae {key}, que el modelo no conoce.",
    "dtype": "{file}: {key} es {dtype} y el modelo espera {expected}.",
    "shape": "{file}: {key} tiene forma {shape} y el modelo espera {expected}.",
    # on this machine
    "memory": "{name} necesita {need} y esta máquina permite {budget} para modelos. Elige un modelo más chico.",
    "in_use": "{name} necesita {need}, y de los {budget} para modelos hay {used} en uso. Prueba en un momento.",
    "device": "Aquí no hay un dispositivo {name}. Esta máquina tiene: {found}.",
}  # fmt: skip


def explain(problem: Problem, lang: str) -> str:
    """The problem's sentence in the visitor's language."""
    return say(lang, str(problem), SPANISH[problem.cause].format(**problem.facts))
