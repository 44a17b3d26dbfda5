# SPDX-License-Identifier: MIT
"""The program json-schema, which checks values by schemas, a line for each schema."""
import json
import subprocess

from harness import CANDOR

PROGRAM = CANDOR.parent / "tests/schema/json-schema"


class Driver:
    def __init__(self):
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, encoding="utf-8")

    def check(self, schema, values, documents=None, formats=False):
        """The answer for a schema, as text or as what Python's json makes text of."""
        def text(value):
            return value if isinstance(value, Text) else json.dumps(value)

        task = {"schema": text(schema), "values": [text(value) for value in values],
                "documents": {uri: text(one) for uri, one in (documents or {}).items()},
                "formats": formats}
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"json-schema ended with {self.process.wait()}"
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


class Text(str):
    """JSON that is text already."""
