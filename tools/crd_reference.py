#!/usr/bin/python3
"""Writes docs/fields.md to stdout: each field of the custom resources, as the schemas in crds/ describe it. A field without a description is
an error."""
import pathlib
import sys

import yaml

CRDS = pathlib.Path(__file__).resolve().parent.parent / "crds"
HEAD = """# Fields of the resources

Made from the schemas in [crds](../crds) by `./dev docs`; a test keeps it true. `kubectl explain bbt.spec.retention` shows the same in a cluster, and
`kubectl apply --dry-run=server` says what is wrong with a file. [operator.md](operator.md) says what becomes of it.

A field that is not here is refused where `kubectl` validates (it does unless told otherwise), and dropped elsewhere. `[]` stands for each item of a list."""
WORDS = {"string": "text", "integer": "number", "boolean": "boolean", "object": "map"}
FORMATS = {"date-time": "time"}


def type_of(schema):
    if schema.get("x-kubernetes-int-or-string"):
        return "amount"
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    if schema["type"] == "array":
        inner = schema["items"]
        return "list of " + ("lists of text" if inner["type"] == "array" else {"object": "maps"}.get(inner["type"], "text"))
    if schema["type"] == "object" and "additionalProperties" in schema:
        return "map of " + ("amounts" if type_of(schema["additionalProperties"]) == "amount" else "text")
    return FORMATS.get(schema.get("format"), WORDS[schema["type"]])


def limits_of(schema):
    """Ranges and what cannot be changed: what a schema holds besides its description, and a reader wants to know."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        yield f"From {least} to {most:,}.".replace(",", " ")
    elif least is not None:
        yield f"At least {least}."
    items = schema.get("minItems"), schema.get("maxItems")
    if items[0] and items[1]:
        yield f"{items[0]} to {items[1]} of them."
    elif items[1]:
        yield f"At most {items[1]} of them."
    if any(rule["rule"] == "self == oldSelf" for rule in schema.get("x-kubernetes-validations", [])):
        yield "Cannot be changed."


def default_of(schema, required):
    if required:
        return "required"
    default = schema.get("default")
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def rows(schema, path, seen):
    """(path, type, default, meaning) of each field below `schema`."""
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        here = f"{path}.{name}" if path else name
        if not field.get("description"):
            sys.exit(f"crd_reference.py: {here} has no description")
        inner, inside = field, here
        while inner["type"] == "array":
            inner, inside = inner["items"], inside + "[]"
        inner = inner if "properties" in inner else None
        # A map that was shown before, under another name, is not shown again.
        like = next((other for other, known in seen if inner is not None and known == inner["properties"]), None)
        meaning = [field["description"].strip(), *limits_of(field)]
        if like is not None:
            meaning.append(f"It has the fields of `{like}`.")
        yield here, type_of(field), default_of(field, name in required), " ".join(meaning)
        if inner is not None and like is None:
            seen.append((inside, inner["properties"]))
            yield from rows(inner, inside, seen)


def cell(text):
    return text.replace("|", "\\|")


def main():
    print(HEAD)
    for file in sorted(CRDS.glob("*.yaml")):
        crd = yaml.safe_load(file.read_text())
        names, version = crd["spec"]["names"], crd["spec"]["versions"][0]
        schema = version["schema"]["openAPIV3Schema"]
        print(f"\n## {names['kind']}\n\n`apiVersion: {crd['spec']['group']}/{version['name']}`, short name `{names['shortNames'][0]}`. "
              f"{schema['description'].strip()}")
        for part in ("spec", "status"):
            whole = schema["properties"][part]
            print(f"\n### {part} of a {names['kind']}\n\n{whole['description'].strip()}\n\n"
                  "| field | type | default | meaning |\n| --- | --- | --- | --- |")
            for path, kind, default, meaning in rows(whole, "", []):
                print(f"| `{path}` | {cell(kind)} | {cell(default)} | {cell(meaning)} |".replace("|  |", "| |"))
        print(f"\n### Columns of kubectl get {names['shortNames'][0]}\n\n| column | meaning | shown |\n| --- | --- | --- |")
        for column in version["additionalPrinterColumns"]:
            shown = "with `-o wide`" if column.get("priority") else "always"
            print(f"| {column['name']} | {column.get('description', 'How long ago it was made')} | {shown} |")


if __name__ == "__main__":
    main()
