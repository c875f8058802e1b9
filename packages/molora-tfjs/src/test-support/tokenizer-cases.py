"""Small tokenizers of every kind, and what Python's `tokenizers` makes of texts and of ids with them.

    python tokenizer-cases.py > tokenizer-cases.jsonl

A line of JSON for the texts, one for each model, one for each tokenizer: `ids` of each text without special
tokens, `special` of two texts with them, as `[before, text, after]`, and `texts` of the ids in `runs`. To keep it small, ids may be those of another tokenizer, `like`, but for some texts. Truncation
and padding are off, as transformers has them. Where the Rust library itself gives up, the entry is null.
"""
import json
import random
import tokenizers
from tokenizers import Tokenizer

WORDS = ["the", "cat", "sat", "on", "mat", "hello", "world", "don't", "it's", "we'll", "HELLO", "World", "x1y22", "3.14",
         "naïve", "café", "Straße", "Ünï", "ǅ", "İstanbul", "Σίσυφος", "мир", "ß", "ﬁne", "①②", "½", "Ⅷ", "x²", "你好", "日本語", "한국어", "नमस्ते", "สวัสดี", "שלום", "مرحبا",
         "😀", "👩‍👩‍👧", "🇩🇪", "👍🏽", "𝔘𝔫𝔦", "𠀀", "e\u0301", "a\u030a\u0323", "\u1e9b\u0323", "\ufeff", "\u200b", "\u00ad", "\u2028", "\u00a0", "\u3000", "\u0085", "\x00", "\x01", "\x1b", "\x7f", "\ufffd", "\ue000", "\uff5e", "～", "Ａ１", "…", "—", "«q»", "¿?", "!!", "a.b,c", "foo_bar", "$5", "€", "+-=", "<>", "[x]", "{y}", "`z`", "^", "~", "|", "\\", "#@", "a/b", "&amp;", "\u2581", "\u2581a", "a\u2581b", "Ġ", "##a", "<0x41>", "<unk>x", "\t", "\n", "\r\n", "\r", "\x0b", "\x0c"]
STRINGS = [""] + WORDS + ["it'ſ", "it'S", "!\ufeff", "x \ufeff! y", "a\u0085\u0085 b", "ΟΔΟΣ οδος", "a\u200db", "▁▁the", "a▁▁b", " ▁ ", "     the", "a     b", "z z", "zz zz", "z\tz", "[M] a", "a [M]", "_[M]", "[M]1", "é[M]é", "tok-tok", "\u200dtok",
    " ", "  ", "   ", " a", "a ", "  a  b  ", "a\nb", "a\n\nb", "\n\n\n", "a\tb", "a\r\nb", " \n ", "a  b", "a   b", "the cat", " the cat", "the  cat ", "hello world", "Hello, World!", "the cat sat on the mat.",
    "1 22 333 4444", "12345", "a1b2", "x=1;y=2", "don't we'll it's", "I'M HE'S", "A.B.C", "...", "?!?", "- - -", "a-b", "café au lait", "e\u0301e\u0301", "ÀÉÎ", "你好 world", "a你b好c", "😀😀", "a😀b", " 😀 ", "a\u00a0b", "a\u3000b", "a\u2028b", "a\u200bb", "a\u0000b", "a\u00adb", "ab\u0301c",
    "<s>", "</s>", "a<s>b", "<s>a", "a<s>", " <s> ", "a <s> b", "<s><s>", "<s", "s>", "<S>", "[M]", "a[M]b", "a [M] b", "  [M]  ", "[M][M]", "[M] [M]", "\n[M]\n", "[m]", "tok", "a tok b", "atok", "toka", "atokb", "tok.", ".tok", "_tok", "tok_", "tok1", "tok tok", "toktok", " tok ", "TOK", "Tok", "töktok", "étok", "tok\u0301", "你tok好", "tok\n", "a tok\tb", "x\u00a0tok\u00a0y",
    "zzz", "qqq zzz", "z q z", "ϕϕ", "aϕb", "ϕ ϕ", "ж" * 5, "a" * 30, "the" * 10, "ab" * 12, "aab" * 6, "a" * 120, "bbb bb b", "abcabc", "cab", "hellohello", "catmat", "th e", "hel lo",
    "\u0131I", "ŒÆ", "ŉ", "ǰ", "ΐ", "ﬀ", "㎏", "ｶﾞ", "が", "\u1100\u1161", "각", "\u0344", "\u2126", "\u212b", "Å", "\ufb01x", "\u00b5", "\u017f", "\u2160", "a\u0300\u0301b", "\u0300", " \u0300", "\U0001f1e6", "\u202eabc", "\ufe0f", "✓", "☃️", "\u30fb", "„q“", "′", "⁄", "٣", "१२", "x₂",
    "ࢗa", "a꠬b", "a\U00011c36b", "a᙭b", "a⹃b", "a\u061db", "a\u08e2b", "a\u1734b", "a\U0002b820b", "a\U00030000b", "a\uf900b", "a\u3007b", "ÁÀ", "ΣΑΣ ΑΣ.", "$a+b`c", "\u2028\u0085",
]
CHARS = sorted({c for w in ["the cat sat on mat hello world", "abcdefghijklmnopqrstuvwxy", ".,!?'-_[]<>/", "0123456789", "éàü▁你好"] for c in w} - {" "})

def added(content, id, **flags):
    base = dict(id=id, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {**base, **flags}

def byte_alphabet():
    return sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())

MERGED = ["th", "the", "at", "he", "ll", "lo", "ab", "aa", "llo", "hello"]
PAIRS = [["t", "h"], ["th", "e"], ["a", "t"], ["h", "e"], ["l", "l"], ["l", "o"], ["a", "b"], ["a", "a"], ["ll", "o"], ["he", "llo"]]

def vocab(tokens):
    seen = {}
    for t in tokens:
        if t not in seen: seen[t] = len(seen)
    return seen

def bpe(tokens=None, merges=PAIRS, **options):
    tokens = tokens or ["<unk>", "<s>"] + CHARS + MERGED
    return dict(dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None, end_of_word_suffix=None,
                fuse_unk=False, byte_fallback=False, ignore_merges=False, vocab=vocab(tokens), merges=[list(m) for m in merges]), **options)

BYTES = [f"<0x{b:02X}>" for b in range(256)]
def llama_bpe(**options):
    tokens = ["<unk>", "<s>"] + BYTES + CHARS + MERGED + ["▁t", "▁the", "▁a"]
    return bpe(tokens, PAIRS + [["▁", "t"], ["▁", "the"], ["▁", "a"]], **{**dict(byte_fallback=True, fuse_unk=True), **options})
def byte_bpe(**options):
    tokens = ["<s>"] + byte_alphabet() + MERGED + ["Ġt", "Ġthe", "Ġa", "atat", "Ã©"]
    return bpe(tokens, PAIRS + [["Ġ", "t"], ["Ġ", "the"], ["Ġ", "a"], ["Ã", "©"]], **{**dict(unk_token=None), **options})
def wordpiece(**options):
    tokens = ["<unk>", "<s>"] + CHARS + ["##" + c for c in CHARS] + ["the", "cat", "##at", "hello", "##llo", "##he"]
    return dict(dict(type="WordPiece", unk_token="<unk>", continuing_subword_prefix="##", max_input_chars_per_word=100, vocab=vocab(tokens)), **options)
def wordlevel(**options):
    tokens = ["<unk>", "<s>"] + CHARS + ["the", "cat", "hello", "world", "tok"]
    return dict(dict(type="WordLevel", unk_token="<unk>", vocab=vocab(tokens)), **options)
def unigram(extra=(), **options):
    pieces = [["<unk>", 0.0], ["<s>", 0.0]] + [[b, 0.0] for b in extra] + [[c, -5.0 - 0.03 * i] for i, c in enumerate(CHARS)] + [["the", -4.1], ["▁the", -3.9], ["at", -5.7], ["▁", -3.3] , ["hello", -6.2], ["ll", -6.3], ["ab", -7.1], ["aa", -7.7]]
    seen, out = set(), []
    for p in pieces:
        if p[0] in seen: continue
        seen.add(p[0]); out.append(p)
    return dict(dict(type="Unigram", unk_id=0, vocab=out, byte_fallback=False), **options)

BL = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
MS = dict(type="Metaspace", replacement="▁", prepend_scheme="always", split=True)
SPM_NORM = dict(type="Sequence", normalizers=[dict(type="Prepend", prepend="▁"), dict(type="Replace", pattern=dict(String=" "), content="▁")])
SPM_DEC = dict(type="Sequence", decoders=[dict(type="Replace", pattern=dict(String="▁"), content=" "), dict(type="ByteFallback"), dict(type="Fuse"), dict(type="Strip", content=" ", start=1, stop=0)])
GPT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
WS = dict(type="WhitespaceSplit")

def tok(model, **parts):
    base = dict(version="1.0", truncation=None, padding=None, added_tokens=[], normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None, model=model)
    vocab_of = model["vocab"]
    size = len(vocab_of)
    if not parts.pop("plain", False):
        base["added_tokens"] = [added("<s>", 1 if isinstance(vocab_of, list) else vocab_of["<s>"])]
    extra = parts.pop("more", [])
    r = {**base, **parts}
    names = vocab_of if isinstance(vocab_of, dict) else {p[0]: i for i, p in enumerate(vocab_of)}
    for content, flags in extra:
        if content in names: id = names[content]
        else: id = size; size += 1
        r["added_tokens"].append(added(content, id, **flags))
    return r

cases = {}
def case(name, t): cases[name] = t
def seq(*n): return dict(type="Sequence", normalizers=list(n))
def pseq(*n): return dict(type="Sequence", pretokenizers=list(n))

case("llama bpe", tok(llama_bpe(), normalizer=SPM_NORM, decoder=SPM_DEC))
case("llama bpe nofuse", tok(llama_bpe(fuse_unk=False), normalizer=SPM_NORM, decoder=SPM_DEC))
case("llama bpe metaspace first", tok(llama_bpe(), pre_tokenizer=dict(MS, prepend_scheme="first", split=False), decoder=SPM_DEC))
case("llama bpe metaspace always", tok(llama_bpe(), pre_tokenizer=dict(MS, split=False), decoder=SPM_DEC))
case("bpe metaspace never", tok(llama_bpe(), pre_tokenizer=dict(MS, prepend_scheme="never", split=False), decoder=SPM_DEC))
case("bpe metaspace split", tok(llama_bpe(), pre_tokenizer=dict(MS, split=True), decoder=dict(MS)))
case("bpe metaspace legacy", tok(llama_bpe(), pre_tokenizer=dict(type="Metaspace", replacement="▁", add_prefix_space=True), decoder=dict(type="Metaspace", replacement="▁", add_prefix_space=True)))
case("gemma bpe", tok(llama_bpe(), normalizer=dict(type="Replace", pattern=dict(String=" "), content="▁"), pre_tokenizer=dict(type="Split", pattern=dict(String=" "), behavior="MergedWithPrevious", invert=False), decoder=SPM_DEC))
case("partial byte fallback", tok(bpe(["<unk>", "<s>"] + BYTES[:128] + CHARS + MERGED, byte_fallback=True), decoder=SPM_DEC))
case("gpt2 byte bpe", tok(byte_bpe(), pre_tokenizer=BL, decoder=BL))
case("byte bpe prefix", tok(byte_bpe(), pre_tokenizer=dict(BL, add_prefix_space=True), decoder=BL))
case("byte bpe no regex", tok(byte_bpe(), pre_tokenizer=dict(BL, use_regex=False), decoder=BL))
case("llama3", tok(byte_bpe(ignore_merges=True), pre_tokenizer=pseq(dict(type="Split", pattern=dict(Regex=GPT), behavior="Isolated", invert=False), dict(BL, use_regex=False)), decoder=BL))
case("qwen2", tok(byte_bpe(), normalizer=dict(type="NFC"), pre_tokenizer=pseq(dict(type="Split", pattern=dict(Regex=QWEN), behavior="Isolated", invert=False), dict(BL, use_regex=False)), decoder=BL))
case("byte bpe unk", tok(byte_bpe(unk_token="<s>"), pre_tokenizer=BL, decoder=BL))
case("bpe chars", tok(bpe()))
case("bpe fuse", tok(bpe(fuse_unk=True)))
case("bpe no unk", tok(bpe(unk_token=None)))
case("bpe no unk fuse", tok(bpe(unk_token=None, fuse_unk=True)))
case("bpe dropout", tok(bpe(dropout=0.5)))
case("bpe prefix", tok(bpe(["<unk>", "<s>"] + CHARS + ["##" + c for c in CHARS] + ["t##h"], [], continuing_subword_prefix="##"), pre_tokenizer=WS))
case("bpe suffix", tok(bpe(["<unk>", "<s>"] + CHARS + [c + "</w>" for c in CHARS] + ["th", "the</w>"], [["t", "h"], ["th", "e</w>"]], end_of_word_suffix="</w>"), pre_tokenizer=WS, decoder=dict(type="BPEDecoder", suffix="</w>")))
case("bpe ignore merges", tok(bpe(["<unk>", "<s>"] + CHARS + MERGED + ["cat", "sat"], ignore_merges=True), pre_tokenizer=WS))
case("unigram", tok(unigram()))
case("unigram bytes", tok(unigram(BYTES, byte_fallback=True), normalizer=SPM_NORM, decoder=SPM_DEC))
case("unigram partial bytes", tok(unigram(BYTES[:128], byte_fallback=True)))
case("unigram metaspace", tok(unigram(), pre_tokenizer=MS, decoder=MS))
case("unigram no unk", tok(unigram(unk_id=None)))
case("wordpiece", tok(wordpiece(), normalizer=dict(type="BertNormalizer", clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True), pre_tokenizer=dict(type="BertPreTokenizer"), decoder=dict(type="WordPiece", prefix="##", cleanup=True)))
case("wordpiece short", tok(wordpiece(max_input_chars_per_word=5), pre_tokenizer=WS, decoder=dict(type="WordPiece", prefix="##", cleanup=False)))
case("wordlevel", tok(wordlevel(), pre_tokenizer=WS))
for clean in (True, False):
    for cjk in (True, False):
        case(f"bert norm clean={clean} cjk={cjk}", tok(bpe(), normalizer=dict(type="BertNormalizer", clean_text=clean, handle_chinese_chars=cjk, strip_accents=False, lowercase=False)))
case("bert norm strip", tok(byte_bpe(), normalizer=dict(type="BertNormalizer", clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False), pre_tokenizer=BL))
case("bert norm lower", tok(byte_bpe(), normalizer=dict(type="BertNormalizer", clean_text=False, handle_chinese_chars=False, strip_accents=None, lowercase=True), pre_tokenizer=BL))
case("bert norm lower only", tok(byte_bpe(), normalizer=dict(type="BertNormalizer", clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=True), pre_tokenizer=BL))
BB = dict(pre_tokenizer=dict(BL, use_regex=False), decoder=BL)
for n in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt"]:
    case("norm " + n, tok(byte_bpe(), normalizer=dict(type=n), **BB))
case("norm NFD StripAccents", tok(byte_bpe(), normalizer=seq(dict(type="NFD"), dict(type="StripAccents")), **BB))
case("norm ByteLevel", tok(byte_bpe(), normalizer=dict(type="ByteLevel"), decoder=BL))
case("norm Strip both", tok(byte_bpe(), normalizer=dict(type="Strip", strip_left=True, strip_right=True), **BB))
case("norm Strip left", tok(byte_bpe(), normalizer=dict(type="Strip", strip_left=True, strip_right=False), **BB))
case("norm Prepend", tok(byte_bpe(), normalizer=dict(type="Prepend", prepend="x"), **BB))
case("norm Replace String", tok(byte_bpe(), normalizer=dict(type="Replace", pattern=dict(String="a"), content="b"), **BB))
case("norm Replace dollar", tok(byte_bpe(), normalizer=dict(type="Replace", pattern=dict(String="a"), content="$&x"), **BB))
case("norm Replace special", tok(byte_bpe(), normalizer=dict(type="Replace", pattern=dict(String="-"), content="b"), **BB))
case("norm Replace Regex", tok(byte_bpe(), normalizer=dict(type="Replace", pattern=dict(Regex=" {2,}"), content=" "), **BB))
case("norm Replace Regex s", tok(byte_bpe(), normalizer=dict(type="Replace", pattern=dict(Regex=r"\s+"), content=" "), **BB))
case("norm Replace Regex w", tok(byte_bpe(), normalizer=dict(type="Replace", pattern=dict(Regex=r"\w"), content="w"), **BB))
def bounds(name, p):
    """A space before each piece shows where it begins."""
    case("pre " + name, tok(byte_bpe(), pre_tokenizer=pseq(p, dict(BL, use_regex=False, add_prefix_space=True)), decoder=BL))
for t in ["Whitespace", "WhitespaceSplit", "BertPreTokenizer", "UnicodeScripts"]:
    bounds(t, dict(type=t))
for b in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
    bounds("Punctuation " + b, dict(type="Punctuation", behavior=b))
    for inv in (False, True):
        bounds(f"Split String {b} {inv}", dict(type="Split", pattern=dict(String="a"), behavior=b, invert=inv))
        bounds(f"Split Regex {b} {inv}", dict(type="Split", pattern=dict(Regex=r"[ab]|\s"), behavior=b, invert=inv))
bounds("Digits", dict(type="Digits", individual_digits=False))
bounds("Digits individual", dict(type="Digits", individual_digits=True))
bounds("Delimiter", dict(type="CharDelimiterSplit", delimiter="a"))
bounds("FixedLength", dict(type="FixedLength", length=3))
bounds("ByteLevel then", dict(BL))
bounds("GPT regex", dict(type="Split", pattern=dict(Regex=GPT), behavior="Isolated", invert=False))
bounds("deepseek digits", dict(type="Split", pattern=dict(Regex=r"\p{N}{1,3}"), behavior="Isolated", invert=False))
for flag in ["single_word", "lstrip", "rstrip", "normalized"]:
    for base, make in [("gpt2", lambda more: tok(byte_bpe(), more=more, pre_tokenizer=BL, decoder=BL)), ("llama", lambda more: tok(llama_bpe(), more=more, normalizer=SPM_NORM, decoder=SPM_DEC))]:
        case(f"added {flag} {base}", make([("[M]", {flag: True}), ("tok", {flag: True, "special": False})]))
case("added plain gpt2", tok(byte_bpe(), more=[("[M]", {}), ("tok", {"special": False})], pre_tokenizer=BL, decoder=BL))
case("added plain llama", tok(llama_bpe(), more=[("[M]", {}), ("tok", {"special": False})], normalizer=SPM_NORM, decoder=SPM_DEC))
case("added overlap", tok(byte_bpe(), more=[("to", {}), ("tok", {}), ("okt", {})], pre_tokenizer=BL, decoder=BL))
case("added normalized lower", tok(byte_bpe(), more=[("TOK", {"normalized": True, "special": False})], normalizer=dict(type="Lowercase"), pre_tokenizer=BL, decoder=BL))
case("added unnormalized lower", tok(byte_bpe(), more=[("TOK", {"normalized": False, "special": False}), ("[M]", {"normalized": False})], normalizer=dict(type="Lowercase"), pre_tokenizer=BL, decoder=BL))
case("added normalized no normalizer", tok(byte_bpe(), more=[("tok", {"normalized": True, "special": False})], pre_tokenizer=BL, decoder=BL))
case("added metaspace first", tok(llama_bpe(), more=[("tok", {"special": False})], pre_tokenizer=dict(MS, prepend_scheme="first", split=False), decoder=SPM_DEC))
case("added in vocabulary", tok(llama_bpe(), more=[("the", {"special": False})], normalizer=SPM_NORM, decoder=SPM_DEC))
case("added metaspace always", tok(llama_bpe(), more=[("tok", {"special": False})], pre_tokenizer=dict(MS, split=False), decoder=SPM_DEC))
TP = dict(type="TemplateProcessing", single=[dict(SpecialToken=dict(id="<s>", type_id=0)), dict(Sequence=dict(id="A", type_id=0))], pair=[dict(Sequence=dict(id="A", type_id=0)), dict(Sequence=dict(id="B", type_id=0))], special_tokens={"<s>": dict(id="<s>", ids=[0], tokens=["<s>"])})
def template(before, after=()):
    token = lambda t: dict(SpecialToken=dict(id=t, type_id=0))
    text = lambda t: dict(Sequence=dict(id=t, type_id=0))
    ids = {"<s>": [0], "Ġ": [POSTS["Ġ"]], "the": [POSTS["the"]], "two": [POSTS["th"], POSTS["he"]]}
    names = {i: t for t, i in POSTS.items()}
    tokens = {t: dict(id=t, ids=ids[t], tokens=[names[i] for i in ids[t]]) for t in [*before, *after]}
    return dict(type="TemplateProcessing", single=[*map(token, before), text("A"), *map(token, after)], pair=[text("A"), text("B")], special_tokens=tokens)
def post(name, processor):
    case("post " + name, tok(byte_bpe(), pre_tokenizer=BL, decoder=BL, post_processor=processor))
POSTS = byte_bpe()["vocab"]
BERT = dict(type="BertProcessing", sep=["Ġ", POSTS["Ġ"]], cls=["the", POSTS["the"]])
ROBERTA = dict(type="RobertaProcessing", sep=["Ġ", POSTS["Ġ"]], cls=["he", POSTS["he"]], trim_offsets=True, add_prefix_space=False)
TP = template(["<s>"])
post("template", TP)
post("template of several", template(["Ġ", "the"]))
post("template of one twice", template(["<s>", "<s>"]))
post("template of one that is two", template(["<s>", "two"]))
post("template around", template(["the", "<s>"], ["Ġ", "<s>"]))
post("template after", template([], ["<s>"]))
post("template of nothing", template([]))
post("template without the text", dict(template(["<s>"]), single=[dict(SpecialToken=dict(id="<s>", type_id=0))]))
post("bert", BERT)
post("roberta", ROBERTA)
post("bytelevel", BL)
post("sequence", dict(type="Sequence", processors=[BL, TP]))
post("sequence of several", dict(type="Sequence", processors=[ROBERTA, BL, dict(type="Sequence", processors=[BERT, template(["<s>", "two"], ["Ġ"])]), BL]))
post("sequence after a template", dict(type="Sequence", processors=[TP, ROBERTA]))
case("dec ctc", tok(wordlevel(), pre_tokenizer=WS, decoder=dict(type="CTC", pad_token="a", word_delimiter_token="b", cleanup=True)))
case("dec wordpiece", tok(wordpiece(), pre_tokenizer=WS, decoder=dict(type="WordPiece", prefix="##", cleanup=True)))
case("dec bpe", tok(bpe(), decoder=dict(type="BPEDecoder", suffix="</w>")))
case("dec metaspace", tok(llama_bpe(), normalizer=SPM_NORM, decoder=dict(MS)))
case("dec metaspace never", tok(llama_bpe(), normalizer=SPM_NORM, decoder=dict(MS, prepend_scheme="never")))
case("dec fuse", tok(bpe(), decoder=dict(type="Fuse")))
case("dec strip stop", tok(bpe(), decoder=dict(type="Strip", content="a", start=1, stop=1)))
case("dec none", tok(bpe()))
case("dec bytefallback alone", tok(llama_bpe(), normalizer=SPM_NORM, decoder=dict(type="ByteFallback")))
case("dec bytelevel over chars", tok(bpe(), decoder=BL))
case("truncation", tok(byte_bpe(), pre_tokenizer=BL, decoder=BL, truncation=dict(direction="Right", max_length=4, strategy="LongestFirst", stride=0)))
case("padding", tok(byte_bpe(), pre_tokenizer=BL, decoder=BL, padding=dict(strategy=dict(Fixed=8), direction="Right", pad_to_multiple_of=None, pad_id=0, pad_type_id=0, pad_token="<s>")))

case("bpe fuse words", tok(bpe(fuse_unk=True), pre_tokenizer=WS))
case("unigram words", tok(unigram(), pre_tokenizer=WS))
case("unigram bytes words", tok(unigram(BYTES, byte_fallback=True), pre_tokenizer=WS))
SPACES = {**llama_bpe(), "vocab": vocab(["<unk>", "<s>"] + BYTES + CHARS + MERGED + ["▁▁", "▁▁▁▁", "▁t", "e▁", "▁the"]), "merges": [["▁", "▁"], ["▁▁", "▁▁"], ["e", "▁"]] + PAIRS + [["▁", "t"], ["▁", "the"]]}
case("spaces llama", tok(SPACES, normalizer=SPM_NORM, decoder=SPM_DEC))
case("spaces metaspace split", tok(SPACES, pre_tokenizer=MS, decoder=MS))
case("spaces metaspace whole", tok(SPACES, pre_tokenizer=dict(MS, split=False), decoder=MS))
case("merges as text", tok({**byte_bpe(), "merges": [" ".join(m) for m in byte_bpe()["merges"]]}, pre_tokenizer=BL, decoder=BL))
case("model without type", tok({k: v for k, v in byte_bpe().items() if k != "type"}, pre_tokenizer=BL, decoder=BL))
case("added all flags", tok(byte_bpe(), more=[("[M]", {"single_word": True, "lstrip": True, "rstrip": True}), ("tok", {"lstrip": True, "rstrip": True, "special": False})], pre_tokenizer=BL, decoder=BL))
case("split possessive", tok(byte_bpe(), pre_tokenizer=pseq(dict(type="Split", pattern=dict(Regex=r"a++|\s?+b"), behavior="Isolated", invert=False), dict(BL, use_regex=False)), decoder=BL))
case("words ignore merges single word", tok(byte_bpe(ignore_merges=True), more=[("tok", {"single_word": True, "special": False})], pre_tokenizer=BL, decoder=BL))


# Texts that are encoded with special tokens too; the second has some of its own.
SURROUNDED = ["the cat", "<s> a <s>"]

# What the reader of the files in TypeScript refuses, by a word of its message.
REFUSED = {
    "bpe dropout": "dropout",
    "bpe no unk": "unk_token",
    "bpe no unk fuse": "unk_token",
    "bpe prefix": "continuing_subword_prefix",
    "dec bytelevel over chars": "ByteLevel",
    "dec ctc": "CTC",
    "dec strip stop": "Strip",
    "norm ByteLevel": "ByteLevel",
    "norm NFD StripAccents": "StripAccents",
    "norm Nmt": "Nmt",
    "norm Replace Regex": "Replace",
    "norm Replace Regex s": "Replace",
    "norm Replace Regex w": "Replace",
    "norm Strip both": "Strip",
    "norm Strip left": "Strip",
    "norm StripAccents": "StripAccents",
    "partial byte fallback": "byte_fallback",
    "post sequence after a template": "TemplateProcessing",
    "post template without the text": "post-processor",
    "pre Delimiter": "CharDelimiterSplit",
    "pre FixedLength": "FixedLength",
    "pre Punctuation Contiguous": "Punctuation",
    "pre Punctuation Isolated": "Punctuation",
    "pre Punctuation MergedWithNext": "Punctuation",
    "pre Punctuation MergedWithPrevious": "Punctuation",
    "pre Punctuation Removed": "Punctuation",
    "pre Split Regex Contiguous False": "Split",
    "pre Split Regex Contiguous True": "Split",
    "pre Split Regex Isolated True": "Split",
    "pre Split Regex MergedWithNext False": "Split",
    "pre Split Regex MergedWithNext True": "Split",
    "pre Split Regex MergedWithPrevious False": "Split",
    "pre Split Regex MergedWithPrevious True": "Split",
    "pre Split String Contiguous False": "Split",
    "pre Split String Contiguous True": "Split",
    "pre Split String Isolated True": "Split",
    "pre Split String MergedWithNext False": "Split",
    "pre Split String MergedWithNext True": "Split",
    "pre Split String MergedWithPrevious False": "Split",
    "pre Split String MergedWithPrevious True": "Split",
    "pre Split String Removed False": "Split",
    "pre Split String Removed True": "Split",
    "pre UnicodeScripts": "UnicodeScripts",
    "split possessive": "possessive",
    "unigram no unk": "unk_id",
}

def attempt(what):
    try:
        return what()
    except BaseException:  # A panic of Rust is no Exception.
        return None

def surrounded(T, text):
    """Ids before the text, of it and after it."""
    whole, alone = T.encode(text).ids, T.encode(text, add_special_tokens=False).ids
    if not alone:
        return None
    [at] = (i for i in range(len(whole)) if whole[i:i + len(alone)] == alone)
    return [whole[:at], alone, whole[at + len(alone):]]

def main():
    print(json.dumps(dict(strings=STRINGS, surrounded=SURROUNDED)))
    models, seen = {}, {}
    for name, t in cases.items():
        text = json.dumps(t["model"])
        if text not in models:
            models[text] = len(models)
            print(json.dumps(dict(model=t["model"]), ensure_ascii=False))
        parts = {k: v for k, v in t.items() if k not in ("model", "version") and v}
        head = dict(name=name, model=models[text], parts=parts)
        if name in REFUSED:
            print(json.dumps(dict(**head, refused=REFUSED[name])))
            continue
        T = Tokenizer.from_str(json.dumps(t))
        T.no_truncation()
        T.no_padding()
        encode = lambda s: " ".join(map(str, T.encode(s, add_special_tokens=False).ids))
        ids = [attempt(lambda: encode(s)) for s in STRINGS]
        earlier = seen.setdefault(models[text], {})
        like, but = min(
            ((other, {i: x for i, (x, y) in enumerate(zip(ids, those)) if x != y}) for other, those in earlier.items()),
            key=lambda pair: len(pair[1]), default=(None, {}))
        earlier[name] = ids
        choose, size = random.Random(1), T.get_vocab_size()
        runs = [[choose.randrange(size) for _ in range(choose.randrange(1, 12))] for _ in range(8)]
        texts = [attempt(lambda: T.decode(run, skip_special_tokens=True)) for run in runs]
        encoded = dict(like=like, but=but) if like else dict(ids=ids)
        special = [surrounded(T, text) for text in SURROUNDED]
        print(json.dumps(dict(**head, **encoded, special=special, runs=runs, texts=texts)))

main()
