"""``docagent schemas``: the schemas there are, or the fields of one."""

from __future__ import annotations

import argparse
import json

from docagent.cli.printing import print_schema, print_schemas
from docagent.schemas import list_schemas, load_schema


def run_schemas(args: argparse.Namespace) -> int:
    """Prints and returns 0. Raises SchemaError for a schema that is unknown or wrong."""
    if args.schema is not None:
        schema = load_schema(args.schema)
        if args.json:
            print(json.dumps(schema.json_schema, ensure_ascii=False, indent=2))
        else:
            print_schema(schema)
    elif args.json:
        print(json.dumps([f"{s.domain}/{s.name}" for s in list_schemas()], indent=2))
    else:
        print_schemas(list_schemas())
    return 0
