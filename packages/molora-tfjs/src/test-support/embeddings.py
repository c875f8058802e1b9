"""Vectors of texts by transformers, pooled by hand, and by sentence-transformers where it is installed.

`make(folder, options)` saves a tiny BERT with random weights; `embed(folder, texts, pooling, unit, limit)` gives
its vectors. As a program it prints what sentence-transformers 6.0.1 makes of the texts of embeddings.json with
all-MiniLM-L6-v2:

    python embeddings.py path/to/model < embeddings.json > new.json
"""
import json, os, sys
import torch

WORDS = [line for line in """[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on mat ##s ##t . , ! ? a b c d e f g h i ü é
##a ##b ##c ##d ##e ##f ##g ##h ##i hello world 你 好 ο ##δ ##ο ##σ ##ς straße ##u ##ü""".split()]

def make(folder, options):
    from transformers import BertConfig, BertForMaskedLM, BertModel, BertTokenizer
    torch.manual_seed(3)
    config = BertConfig(**{**dict(vocab_size=len(WORDS), hidden_size=24, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=40, max_position_embeddings=20, initializer_range=0.4), **options.get("config", {})})
    model = (BertForMaskedLM if options.get("masked") else BertModel)(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "LayerNorm" in name:
                parameter.add_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(folder)
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(WORDS) + "\n")
    settings = dict(tokenizer_class="BertTokenizer", **options.get("tokenizer", {}))
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump(settings, file)
    if not options.get("vocabulary"):
        BertTokenizer.from_pretrained(folder).save_pretrained(folder)
    for name, content in options.get("files", {}).items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump(content, file)

@torch.no_grad()
def embed(folder, texts, pooling, unit, limit):
    from transformers import AutoModel, AutoTokenizer
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    vectors = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=limit)
        states = model(**inputs).last_hidden_state[0]
        vector = states[0] if pooling == "cls" else states.mean(0)
        vectors.append((vector / vector.norm() if unit else vector).tolist())
    return vectors

def sentences(folder, texts):
    from sentence_transformers import SentenceTransformer
    return SentenceTransformer(folder, device="cpu").encode(texts).tolist()

if __name__ == "__main__":
    texts = json.load(sys.stdin)["texts"]
    vectors = [[float(f"{value:.7g}") for value in vector] for vector in sentences(sys.argv[1], texts)]
    print(json.dumps(dict(texts=texts, vectors=vectors), ensure_ascii=False))
