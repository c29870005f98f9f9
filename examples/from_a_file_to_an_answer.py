"""From a file of papers to a proved answer: run it with the name of a BibTeX, RIS, CSV ... file and a question.

python examples/from_a_file_to_an_answer.py references.bib "What does BeamLoRA propose?"
"""

import sys
import tempfile

import assistant

file, question = sys.argv[1:]

with tempfile.TemporaryDirectory() as folder, assistant.open_library(folder) as library:
    report = library.add(file)
    print(f"{report.added} papers added, {report.failures} records could not be read.")

    answer = library.ask(question).answer()
    print(f"\nRead as: {answer.plan.words}\n\n{answer.text}\n")
    for source in answer.sources:
        if source.number in answer.cited_numbers:
            print(f"[{source.number}] {source.title} ({source.date})")
            for quote in answer.quotes(source.number):
                print(f"    “{quote}”")
