"""Makes fields.tsv: the fields of config.json and generation_config.json that transformers' own classes know, by class, with the first and the
last version that was read. Only the sources are read, nothing is imported. In a folder where each version lies under its number,
    pip download --no-deps transformers==$V && unzip -d $V transformers-$V-*.whl
run: python make_fields.py FOLDER > fields.tsv"""
import ast, os, re, sys

# class -> file, since 4.20
CLASSES = {
    "PretrainedConfig": "configuration_utils.py", "PreTrainedConfig": "configuration_utils.py",
    "GenerationConfig": "generation/configuration_utils.py",
    "T5Config": "models/t5/configuration_t5.py", "MT5Config": "models/mt5/configuration_mt5.py",
    "BertConfig": "models/bert/configuration_bert.py", "XLMRobertaConfig": "models/xlm_roberta/configuration_xlm_roberta.py",
}
INITIALIZERS = {"__init__", "__post_init__"}
# set on the class or passed through, and never written
NEVER = {"self", "kwargs", "attribute_map", "is_composition", "sub_configs", "sub_configs_defaults", "base_config_key", "extra_config_files",
         "has_no_defaults_at_init", "keys_to_ignore_at_inference", "ignore_keys_at_rope_validation", "extra_files"}


def of_class(node):
    found = {n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    for f in node.body:
        if not isinstance(f, ast.FunctionDef):
            continue
        if "default" in f.name:  # the generation defaults of configurations before 5
            found |= {k.value for d in ast.walk(f) if isinstance(d, ast.Dict) for k in d.keys if isinstance(k, ast.Constant)}
        if f.name not in INITIALIZERS:
            continue
        found |= {a.arg for a in f.args.args + f.args.kwonlyargs}
        for n in ast.walk(f):
            if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and isinstance(n.value, ast.Name) and n.value.id == "self":
                found.add(n.attr)
            if (isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ("pop", "get") and n.args
                    and isinstance(n.args[0], ast.Constant) and isinstance(n.args[0].value, str)):
                found.add(n.args[0].value)
    return {name for name in found if isinstance(name, str) and name and name not in NEVER}


versions = sorted((v for v in os.listdir(sys.argv[1]) if re.fullmatch(r"\d+(\.\d+)+", v)), key=lambda v: [int(x) for x in v.split(".")])
seen = {}
for version in versions:
    for name, file in CLASSES.items():
        path = os.path.join(sys.argv[1], version, "transformers", file)
        if not os.path.exists(path):
            continue
        for node in ast.walk(ast.parse(open(path, encoding="utf-8").read())):
            if isinstance(node, ast.ClassDef) and node.name == name:
                for field in of_class(node):
                    seen.setdefault((name.replace("PreTrained", "Pretrained"), field), []).append(version)
print("class\tfield\tfirst\tlast")
for (name, field), where in sorted(seen.items()):
    print(name, field, where[0], where[-1], sep="\t")
