"""Layout of the page, and which event calls what."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from assistant.errors import AssistantError
from assistant.text import counted
from assistant.ui import cards
from assistant.ui import plan as plans
from assistant.ui.chat import NO_SOURCES_YET, Chat, Conversation, is_answerable_anyway
from assistant.ui.downloads import Downloads, answer_files
from assistant.ui.library import (
    add_references,
    add_uploads,
    example_questions,
    ingest,
    papers_table,
    profiles_list,
    tracked,
)
from assistant.ui.trends import TrendsTab
from assistant.workspace import Workspace

TITLE = "Research assistant"

_ANSWERS_AT_ONCE = 24
"""Answers that wait for the model and show their place; more wait unseen. Gradio has 40 threads for all of the page."""

_CALLS_AT_ONCE = 8
"""Answers asked for without a page, which keep a thread for as long as they take."""

_LONGEST_QUEUE = 64
_BETWEEN_LOOKS = 0.05
"""Seconds between two looks for a new event. Gradio looks a thousand times a second, which an idle machine can hear."""
_DELETE_UPLOADS = (3600, 3600)
"""Uploads that were never added: every how many seconds to look, and how old they may grow."""

_FILE_TYPES = [
    *(".bib", ".bibtex", ".ris", ".nbib", ".medline", ".csv", ".tsv", ".json", ".jsonl", ".ndjson"),
    *(".xml", ".nxml", ".atom", ".ciw", ".txt", ".md", ".gz"),
]

_INVITATION = "### Ask your library\n\nEvery answer names the abstracts that it comes from."
_EMPTY = (
    "### The library is empty\n\nAdd papers under **Library**: a BibTeX or RIS file, an author page, an arXiv id ... "
    "Or begin with the sample library of two dozen landmark papers."
)


def _prepare(workspace: Workspace) -> Callable[[], bool]:
    """Load the models in the background, so that the page opens at once, and return what tells whether that has ended.

    What fails shows when it is needed first.
    """

    def load() -> None:
        with contextlib.suppress(AssistantError):
            workspace.embed_few()
            workspace.language_model()
            workspace.embedder().embed([TITLE, TITLE])  # several texts, as a proof has them, need more than one does

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    return lambda: not thread.is_alive()


def build(workspace: Workspace, uploads: Path, downloads: Downloads) -> gr.Blocks:
    """Lay the page out over an open workspace. Uploaded files pass through the folder `uploads`.

    `downloads` serves what the page makes for its reader.
    """
    library = workspace.library
    chat = Chat(workspace.ask, library, _prepare(workspace), workspace.assistant.planner.called)
    page = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=_DELETE_UPLOADS, fill_width=True)
    with page:
        with gr.Row(elem_id="top"):
            heading = _markdown(elem_id="heading")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask"):
                chatbot, offer, earlier = _lay_out_chat(chat, workspace, downloads)
            with gr.Tab("Trends", id="trends"):
                _lay_out_trends(TrendsTab(library, workspace.nearest, downloads))
            with gr.Tab("Library", id="library"):
                search, listing, profiles, added, as_of = _lay_out_library(workspace, uploads)

        shown = [heading, chatbot, offer, profiles, as_of]

        def show() -> tuple[Any, ...]:
            size = library.count()
            examples = [{"text": question} for question in example_questions(library)]
            return (
                _heading(size),
                gr.update(placeholder=_INVITATION if size else _EMPTY, examples=examples),
                gr.update(visible=not size),
                profiles_list(library),
                date.today().isoformat(),
            )

        def list_papers(query: str | None) -> str:
            return papers_table(library, query or "")

        def add_sample(progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008 - how Gradio finds the bar
            return ingest(lambda: workspace.add_sample(tracked(progress)))

        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        for change in (page.load, added.change):  # the query is read last: it may be typed in the meantime
            change(show, None, shown, **private).then(list_papers, search, listing, **private)
        search.change(list_papers, search, listing, trigger_mode="always_last", **private)
        page.load(chat.earlier, None, earlier, **private)
        offer.click(add_sample, None, added, api_visibility="private", show_progress_on=offer)
        api(chat.answer, api_name="ask", concurrency_limit=_CALLS_AT_ONCE)
    page.queue(api_open=False, max_size=_LONGEST_QUEUE, default_concurrency_limit=4)
    page._queue.sleep_when_free = page._queue.progress_update_sleep_when_free = _BETWEEN_LOOKS
    return page


def _lay_out_chat(chat: Chat, workspace: Workspace, downloads: Downloads) -> tuple[gr.Chatbot, gr.Button, gr.Dropdown]:
    with gr.Row(elem_id="talk"):
        with gr.Column(scale=7, min_width=320, elem_id="conversation"):
            with gr.Row(elem_id="earlier"):
                earlier = gr.Dropdown(
                    show_label=False, container=False, visible=False, filterable=False, elem_id="earlier-list", scale=8
                )
                forget = gr.Button("Delete this conversation", size="sm", elem_id="forget", scale=2, visible=False)
            chatbot = gr.Chatbot(
                show_label=False,
                elem_id="chat",
                height="100%",
                layout="bubble",
                editable="user",
                allow_tags=False,
                sanitize_html=True,
                latex_delimiters=cards.LATEX_DELIMITERS,
                buttons=["copy"],
                feedback_options=None,
                group_consecutive_messages=False,
                allow_file_downloads=False,
                placeholder=_INVITATION,
            )
            offer = gr.Button("Add the sample library", visible=False, variant="primary", elem_id="offer")
            anyway = gr.Button("Answer anyway", size="sm", visible=False, elem_id="anyway")
            reading, fields, again = _lay_out_plan()
            box = gr.Textbox(
                show_label=False,
                container=False,
                placeholder="Ask about the papers in the library",
                lines=1,
                max_lines=6,
                submit_btn=True,
                autofocus=True,
                elem_id="question",
            )
        with gr.Column(scale=5, min_width=300, elem_id="sources"):
            make_files = gr.Button("Files of this answer", size="sm", visible=False, elem_id="make-files")
            files = _markdown(elem_id="answer-files")
            sources = _markdown(NO_SOURCES_YET)
    conversation = gr.State(())

    def files_of(conversation: Conversation) -> str:
        answer = conversation[-1].answer if conversation else None
        if answer is None:
            return ""
        try:
            return downloads.links(answer_files(answer, workspace.library.papers_by_id, workspace.save_bundle))
        except AssistantError as error:
            return cards.note(str(error), "error")

    def refresh(conversation: Conversation) -> tuple[Any, ...]:
        last = conversation[-1] if conversation else None
        return (
            chat.earlier(),
            gr.update(visible=bool(last)),
            gr.update(visible=bool(last and last.plan), open=False),
            *chat.plan_fields(conversation),
            gr.update(visible=is_answerable_anyway(conversation)),
            gr.update(visible=bool(last and last.answer)),
            "",
        )

    outputs = [box, chatbot, conversation, sources]
    answering: dict[str, Any] = {
        "outputs": outputs,
        "concurrency_limit": _ANSWERS_AT_ONCE,
        "concurrency_id": "answers",
        "api_visibility": "private",
        "show_progress": "hidden",
    }
    at_once: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
    changes = [
        box.submit(chat.send, [box, conversation], **answering),
        chatbot.example_select(chat.choose, conversation, **answering),
        chatbot.retry(chat.retry, conversation, **answering),
        chatbot.edit(chat.edit, conversation, **answering),
        again.click(chat.correct, [conversation, *fields], **answering),
        anyway.click(chat.answer_anyway, conversation, **answering),
        chatbot.clear(chat.clear, None, outputs, **at_once),
        earlier.input(chat.open, earlier, outputs, **at_once),
        forget.click(chat.forget, conversation, outputs, **at_once),
    ]
    refreshed = [earlier, forget, reading, *fields, anyway, make_files, files]
    for change in changes:
        change.then(refresh, conversation, refreshed, **at_once)
    box.stop(chat.stop, **at_once)
    chatbot.select(chat.show_sources, conversation, sources, **at_once)
    make_files.click(files_of, conversation, files, api_visibility="private", show_progress_on=make_files)
    return chatbot, offer, earlier


def _lay_out_plan() -> tuple[gr.Accordion, Sequence[Any], gr.Button]:
    """Lay out how the last question was read, so that it can be corrected."""
    with gr.Accordion("How the question was read", open=False, visible=False, elem_id="reading") as reading:
        with gr.Row():
            kind = gr.Dropdown(list(plans.KINDS), label="What to do", value="passages")
            measure = gr.Dropdown(list(plans.MEASURES), label="What to look up", value=None)
        with gr.Row():
            author = gr.Textbox(label="By")
            since = gr.Number(label="From year", precision=0)
            until = gr.Number(label="To year", precision=0)
        with gr.Row():
            category = gr.Textbox(label="Category")
            words = gr.Textbox(label="Words in title or abstract")
            code = gr.Dropdown(list(plans.CODE), label="Code", value="")
        again = gr.Button("Ask again like this", size="sm", elem_id="ask-again")
    return reading, (kind, measure, author, since, until, category, words, code), again


def _lay_out_library(
    workspace: Workspace, uploads: Path
) -> tuple[gr.Textbox, gr.Markdown, gr.Markdown, gr.Markdown, gr.DateTime]:
    with gr.Row(elem_id="shelves"):
        with gr.Column(scale=4, min_width=300, elem_id="adding"):
            files = gr.File(
                label="BibTeX, RIS, PubMed, CSV, JSON, author pages ...",
                file_count="multiple",
                file_types=_FILE_TYPES,
                type="filepath",
                height=170,
            )
            as_of = gr.DateTime(
                include_time=False,
                type="string",
                label="Date of the page",
                info="When an author page was saved: its newest dates have no year.",
                elem_id="as-of",
            )
            button = gr.Button("Add to the library", variant="primary")
            references = gr.Textbox(
                label="Or fetch from arXiv, OpenAlex, Semantic Scholar",
                info="Asks those services over the network.",
                placeholder='arxiv:2502.13604  doi:10.…  orcid:0000-…  author:"Naibin Gu"',
                elem_id="references",
            )
            fetch = gr.Button("Fetch", elem_id="fetch")
            added = _markdown(elem_id="report")
            profiles = _markdown(elem_id="profiles")
        with gr.Column(scale=8, min_width=320, elem_id="listing"):
            search = gr.Textbox(show_label=False, container=False, placeholder="Search title, author, category, year")
            listing = _markdown()

    def add(paths: list[str] | None, day: str | None, progress: gr.Progress = gr.Progress()) -> tuple[str, None]:  # noqa: B008
        return add_uploads(workspace.add, paths, day, tracked(progress), uploads), None

    def add_named(words: str | None, progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008
        return add_references(workspace.add, words, tracked(progress))

    for event in (fetch.click, references.submit):
        event(add_named, references, added, api_visibility="private", show_progress_on=added)
    button.click(add, [files, as_of], [added, files], api_visibility="private", show_progress_on=added)
    return search, listing, profiles, added, as_of


def _lay_out_trends(tab: TrendsTab) -> None:
    with gr.Column(elem_id="trends"):
        with gr.Row(elem_id="trends-of"):
            author = gr.Textbox(label="By", placeholder="Everybody", min_width=150)
            topic = gr.Textbox(label="About", placeholder="Everything", min_width=150)
            category = gr.Textbox(label="Category", placeholder="All, or such as CL", min_width=120)
            since = gr.Textbox(label="From year", placeholder="First", min_width=100)
            until = gr.Textbox(label="To year", placeholder="Last", min_width=100)
            by = gr.Radio([("Years", "year"), ("Months", "month")], label="Count by", value="year", min_width=170)
        button = gr.Button("Show trends", variant="primary", elem_id="show-trends")
        text = _markdown(
            cards.note("Themes of the papers, their shares in time, who wrote with whom, and a map.", "aside"),
            elem_id="trends-text",
        )
        files = _markdown(elem_id="trends-files")
        plots = _markdown(elem_id="trends-plots")
    fields = (author, topic, since, until, category)

    def show(progress: gr.Progress = gr.Progress(), *values: str | None) -> Iterator[tuple[str, str, str]]:  # noqa: B008
        yield from tab.show(tracked(progress), *values)

    for event in (button.click, *(field.submit for field in fields)):
        event(
            show,
            [*fields, by],
            [text, plots, files],
            api_visibility="private",
            trigger_mode="always_last",
            concurrency_limit=1,
            concurrency_id="trends",
            show_progress_on=text,
        )


def _markdown(value: str = "", elem_id: str | None = None) -> gr.Markdown:
    """Return a place for HTML that `cards` wrote; Gradio's Markdown sanitises it once more and renders mathematics."""
    return gr.Markdown(
        value, elem_id=elem_id, sanitize_html=True, latex_delimiters=cards.LATEX_DELIMITERS, container=False
    )


def _heading(size: int) -> str:
    count = f"{counted(size, 'paper')} in the library" if size else "The library is empty"
    return f'<div class="heading"><span class="name">{TITLE}</span><span class="count">{count}</span></div>'


def theme() -> gr.themes.Base:
    """Return the page's theme: the system's own fonts, light or dark as the system says."""
    sans = "-apple-system, Segoe UI, Roboto, Cantarell, Noto Sans, Liberation Sans, system-ui, sans-serif"
    mono = "ui-monospace, SFMono-Regular, Menlo, Liberation Mono, monospace"
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=sans.split(", "),
        font_mono=mono.split(", "),
    ).set(
        color_accent="*primary_700",
        color_accent_soft="*primary_50",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
    )
