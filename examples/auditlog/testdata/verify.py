"""Verifies an audit log without the library: python3 verify.py DIR [CHECKPOINT]

Needs nothing but SHA-256. A checkpoint's signature is not checked here.
"""
import base64, glob, hashlib, json, os, sys

def sha(data):
    return hashlib.sha256(data).digest()

def add(stack, node):  # RFC 6962: a stack of complete subtrees, [leaves, hash]
    stack.append([1, node])
    while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
        n, right = stack.pop()
        stack[-1] = [2 * n, sha(b"\x01" + stack[-1][1] + right)]

def root(stack):
    node = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        node = sha(b"\x01" + left + node)
    return base64.b64encode(node).decode()

folder, want = sys.argv[1], None
if len(sys.argv) > 2:
    want = open(sys.argv[2], encoding="utf-8").read().split("\n")[:3]  # origin, size, root
chains, roots = {}, {}
for name in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
    for row in open(name, "rb").read().split(b"\n"):
        _, mark, line = row.partition(b'"line":')
        if not row.startswith(b'{"chain":') or not mark:
            continue
        line = line[:-1]  # the frame's own brace
        entry = json.loads(line)
        stack, prev = chains.setdefault(entry["chain"], [[], None])
        seq = sum(n for n, _ in stack)
        if prev is None and want:
            origin = want[0][: -len("/system")] + "/" + entry["chain"]
            prev = sha(b"hipaa-audit/v1 genesis\norigin " + origin.encode() + b"\n").hex()
        if entry["seq"] != seq or prev and entry["prev"] != prev:
            sys.exit(f"chain {entry['chain']}, entry {seq}: does not verify")
        leaf = sha(b"\x00" + line)
        add(stack, leaf)
        chains[entry["chain"]][1] = leaf.hex()
        roots[entry["chain"], seq + 1] = root(stack)
if want and roots.get(("system", int(want[1]))) != want[2]:
    sys.exit("the checkpoint covers another log")
for name, (stack, _) in sorted(chains.items()):
    print(name, sum(n for n, _ in stack), root(stack))
