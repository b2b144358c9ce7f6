"""A client of bank/1 in Python, written from docs/bank-protocol.md alone; no packages are needed.

    python3 bank_client.py HOST PORT transfer alice bob 12.50      one request; a write gets its id here
    python3 bank_client.py vectors FOLDER                          checks itself with the vectors of the protocol
    python3 bank_client.py transcripts HOST PORT FILE              says the lines of C:, compares the lines of S:
"""
import base64, hashlib, hmac, json, re, secrets, socket, sys, unicodedata

# Section 6: the arguments of each command, positionals before the bar, pairs behind it, in the order of the line.
COMMANDS = {line.split()[0]: [part.split() for part in line.partition(" ")[2].split("|")] for line in """
hello protocol|;capabilities |;auth mechanism|data;ping |;help |;quit |;balance account|;statement account|after limit
deposit! account amount|;withdraw! account amount|;transfer! from to amount|;journal! |legs;hold! from to amount|expiresS
capture! hold amount|final;release! hold|;holds account|after limit;reverse! transfer|;lookup |id;settle |id;audit what|
accounts |after limit;open! account|currency kind min max owner;close! account|;freeze! account|;unfreeze! account|
limit! account|min max""".replace("\n", ";").strip(";").split(";")}
WRITES = [verb[:-1] for verb in COMMANDS if verb.endswith("!")]
COMMANDS = {verb.rstrip("!"): (words, keys + ["id", "ifVersion", "memo", "ref", "dryRun"] * verb.endswith("!"))
            for verb, (words, keys) in COMMANDS.items()}

# Section 6.1: the pairs of replies and data; ? may be missing. Section 3: what values look like, where it matters here.
BALANCE = "account currency booked available version"
ACCOUNT = BALANCE + " kind status min max owner?"
DATA = {"capability": "name value?", "command": "usage summary", "balance": BALANCE, "account": ACCOUNT,
        "hold": "hold seq from to currency amount left state expires?",
        "entry": "version seq time side amount booked memo? ref?"}
LISTS = {"capability": "capabilities", "command": "commands", "balance": "balances", "account": "accounts",
         "hold": "holds", "entry": "entries"}
DECLINE = "declined account? currency? available? argument?"
OK = {"HELLO": "protocol principal? role?", "CAPABILITIES": "/capability", "PONG": "", "BYE": "", "HELP": "/command",
      "CONTINUE": "data", "AUTHENTICATED": "principal role account? data", "DONE": "seq time head? replayed? /balance /hold",
      "WOULD_DO": "/balance /hold", "WOULD_DECLINE": DECLINE, "EXECUTED": "seq time head? /balance /hold", "DECLINED": DECLINE,
      "FENCED": "", "UNSEEN": "", "BALANCE": ACCOUNT, "ACCOUNTS": "next? /account", "HOLDS": "next? /hold",
      "STATEMENT": "account currency opening closing next? /entry", "AUDIT": "seq head? verified?"}
REFUSAL = "account? currency? available? argument? retryMs? replayed?"
WHOLE, FLAGS = {"seq", "version", "retryMs"}, {"replayed", "verified"}
# Section 7: the codes that this client knows; of any other the outcome is unknown (section 4).
CODES = {code: kind for kind, codes in {
    "NO": "INSUFFICIENT_FUNDS ACCOUNT_UNKNOWN ID_REUSED ID_FENCED AUTH_FAILED", "TRY": "RATE_LIMITED BUSY READ_ONLY",
    "BAD": "SYNTAX AMOUNT_INVALID AUTH_REQUIRED", "UNK": "OUTCOME_UNKNOWN"}.items() for code in codes.split()}
WORD = re.compile(r'(?:([a-z][a-z0-9_]{0,31})=)?(?:"((?:[^"\\\x00-\x1f\x7f]|\\["\\n])*)"|([!#-~]+))(?= |\Z)')

def key_of(field): return "leg" if field == "legs" else re.sub("[A-Z]", lambda c: "_" + c.group().lower(), field)

def write_request(request, tag=None):
    def quoted(text, bare):
        escaped = re.sub(r'(["\\])', r"\\\1", text).replace("\n", "\\n")
        return text if re.fullmatch(bare, text) else f'"{escaped}"'
    def text_of(value):
        if isinstance(value, dict): return f"{value['account']}:{value['side'][0].upper()}:{value['amount']}"
        return "1" if value is True else str(value)
    words, keys = COMMANDS[request["verb"]]
    line = ([f"#{tag}"] if tag else []) + [request["verb"]]
    line += [quoted(request[field], r"[!$-9;<>-~][!#-<>-~]*") for field in words if field in request]
    for field in keys:
        values = request.get(field, [])
        for value in values if isinstance(values, list) else [values]:
            line.append(f"{key_of(field)}={quoted(text_of(value), '[!#-~]+')}")
    return " ".join(line)

def words_of(line):
    tag, at, words, pairs = re.match(r"#([A-Za-z0-9]{1,16}) ", line), 0, [], {}
    at = tag.end() if tag else 0
    while at < len(line):
        if line[at] == ":" and words: return tag and tag.group(1), words, pairs, line[at + 1:]
        word = WORD.match(line, at)
        if word is None: raise ValueError("a line that cannot be read")
        key, inside, token = word.groups()
        value = token or re.sub(r"\\(.)", lambda e: "\n" if e.group(1) == "n" else e.group(1), inside or "")
        words.append(value) if key is None else pairs.setdefault(key, value)
        at = word.end() + 1
    return tag and tag.group(1), words, pairs, None

def values_of(shape, pairs):
    values = {}
    for field in shape.replace("?", "").split():
        text = pairs.get(key_of(field))
        if text is None and field + "?" not in shape.split(): raise ValueError(f"{field} is missing")
        if field in WHOLE and not re.fullmatch("0|[1-9][0-9]{0,15}", text or "0"): raise ValueError(f"{field} is {text}")
        is_whole = field in WHOLE or (field == "next" and text and text.isdigit())
        side = {"D": "debit", "C": "credit"}.get(text) if field == "side" else text
        if text is not None: values[field] = int(text) if is_whole else True if field in FLAGS else side
    return values

def read_reply(lines):
    """(tag, reply) of the lines of one reply. Raises ValueError for what is none: then the outcome is unknown."""
    *data, (tag, words, pairs, text) = [words_of(line) for line in lines]
    if len(words) != 2 or any(each[0] != tag for each in data): raise ValueError("no reply")
    kind, code = words
    if kind != "OK":
        if CODES.get(code) != kind: raise ValueError("a code that is not known")
        return tag, {"class": kind, "code": code, **values_of(REFUSAL, pairs), **({} if text is None else {"text": text})}
    if code not in OK: raise ValueError("a code that is not known")
    shape, *kinds = OK[code].split("/")
    lists = {LISTS[k.strip()]: [values_of(DATA[k.strip()], each[2]) for each in data if each[1][1] == k.strip()] for k in kinds}
    return tag, {"class": kind, "code": code, **values_of(shape, pairs), **lists}

def scram(user, password, nonce):
    """Section 8, as a generator: yields what to send, is sent what came, ends when the server has proved itself."""
    bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={nonce}"
    challenge = yield "n,," + bare
    both, salt, count = re.fullmatch(r"r=([^,]+),s=([^,]+),i=([1-9]\d*)", challenge).groups()
    if not both.startswith(nonce) or both == nonce or not 4096 <= int(count) <= 10**7: raise ValueError("no challenge")
    def mac(key, text): return hmac.new(key, text.encode(), "sha256").digest()
    password = unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt), int(count))
    key, signed = mac(salted, "Client Key"), f"{bare},{challenge},c=biws,r={both}"
    proof = bytes(a ^ b for a, b in zip(key, mac(hashlib.sha256(key).digest(), signed)))
    end = yield f"c=biws,r={both},p={base64.b64encode(proof).decode()}"
    if end != "v=" + base64.b64encode(mac(mac(salted, "Server Key"), signed)).decode(): raise ValueError("no proof")

class Bank:
    def __init__(self, host, port):
        self.stream = socket.create_connection((host, int(port)), 30).makefile("rw", encoding="utf-8", newline="\n")

    def say(self, line):
        self.stream.write(line + "\n")
        self.stream.flush()

    def hear(self):
        line = self.stream.readline()
        if not line.endswith("\n"): raise ConnectionError("no answer: the outcome is unknown, settle it")
        return line[:-1]

    def ask(self, line):
        self.say(line)
        lines = [self.hear()]
        while re.match(r"(#\w+ )?\* ", lines[-1]): lines.append(self.hear())
        return lines

def check_vectors(folder):
    def load(name): return json.load(open(f"{folder}/{name}.json", encoding="utf-8"))
    for each in load("requests"):
        if "request" in each:
            assert write_request(each["request"], each.get("tag")) == each.get("canonical", each["line"]), each
    for each in load("replies"):
        try: read = read_reply(each["lines"])
        except ValueError: read = None
        assert read == (None if "invalid" in each else (each.get("tag"), each["reply"])), (each, read)
    for each in load("scram"):
        login = scram(each["user"], each["password"], each["clientNonce"])
        assert next(login) == each["clientFirst"] and login.send(each["serverFirst"]) == each["clientFinal"]
        try: raise AssertionError(login.send(each["serverFinal"]))
        except StopIteration: pass

def play(host, port, file):
    bank = Bank(host, port)
    for number, line in enumerate(open(file, encoding="utf-8"), 1):
        if line.startswith("C:"): bank.say(line[3:].rstrip("\n"))
        if line.startswith("S:"): assert (said := bank.hear()) == line[3:-1], f"{file}:{number}: the server said {said!r}"

if __name__ == "__main__":
    if sys.argv[1] == "vectors": check_vectors(sys.argv[2])
    elif sys.argv[1] == "transcripts": play(*sys.argv[2:5])
    else:
        bank, words = Bank(*sys.argv[1:3]), sys.argv[3:]
        if words[0] in WRITES and not any(word.startswith("id=") for word in words): words.append("id=" + secrets.token_hex(16))
        print(*bank.ask("hello bank/1"), *bank.ask(" ".join(words)), sep="\n")
