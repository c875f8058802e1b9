"""The tables beside this file, as pandas and pyarrow write them, and what is in them (rows.jsonl).

    pip install --target /tmp/tables pandas pyarrow
    PYTHONPATH=/tmp/tables python make.py
"""
import datetime
import json
import os

import pandas
import pyarrow
import pyarrow.parquet

os.chdir(os.path.dirname(os.path.abspath(__file__)))

texts = ['plain', 'a, b', 'she said "no"', '"quoted"', 'two\nlines', 'tab\there', 'ünïcödé 日本 🎉', ' space ', '']
plain = [
    {'prompt': f'{i}: {text}', 'completion': texts[(i + 3) % len(texts)], 'number': i}
    for i, text in enumerate(texts)
]
frame = pandas.DataFrame(plain)
frame.to_csv('plain.csv', index=False)
frame.to_csv('plain.tsv', index=False, sep='\t')
frame.to_csv('windows.csv', index=False, lineterminator='\r\n')
frame.to_csv('all-quoted.csv', index=False, quoting=1)
frame.to_parquet('pandas.parquet', index=False)

message = pyarrow.struct([('role', pyarrow.string()), ('content', pyarrow.string())])
rows = [
    {
        'messages': [
            {'role': 'user', 'content': f'question {i}'},
            {'role': 'assistant', 'content': f'answer {i} ünï'},
        ],
        'choices': [f'{i}a', f'{i}b'],
        'question': {'stem': 'which?', 'choices': [{'label': 'A', 'text': 'one'}]},
        'label': i,
        'big': 2**60 + i,
        'right': i % 2 == 0,
        'share': i / 4,
        'missing': None,
        'when': datetime.datetime(2024, 1, 2, 3, 4, 5),
    }
    for i in range(40)
]
question = pyarrow.struct(
    [
        ('stem', pyarrow.string()),
        ('choices', pyarrow.list_(pyarrow.struct([('label', pyarrow.string()), ('text', pyarrow.string())]))),
    ]
)
schema = pyarrow.schema(
    [
        ('messages', pyarrow.list_(message)),
        ('choices', pyarrow.list_(pyarrow.string())),
        ('question', question),
        ('label', pyarrow.int32()),
        ('big', pyarrow.int64()),
        ('right', pyarrow.bool_()),
        ('share', pyarrow.float64()),
        ('missing', pyarrow.string()),
        ('when', pyarrow.timestamp('ms')),
    ]
)
table = pyarrow.Table.from_pylist(rows, schema=schema)
for codec in ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4']:
    pyarrow.parquet.write_table(table, f'nested-{codec}.parquet', compression=codec, row_group_size=16)
pyarrow.parquet.write_table(
    table, 'nested-pages-v2.parquet', compression='zstd', data_page_version='2.0', data_page_size=64, use_dictionary=False
)
with open('rows.jsonl', 'w') as file:
    for each in [plain, rows]:
        json.dump(each, file, ensure_ascii=False, default=lambda time: time.isoformat() + '.000Z')
        file.write('\n')
