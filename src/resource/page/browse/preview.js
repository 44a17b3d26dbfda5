// SPDX-License-Identifier: MIT
// A look at pictures, text and Markdown without leaving the folder. What is no picture or plain
// text, HTML above all, is left to the browser.

const PREVIEW_TEXT = 512 * 1024;    // bytes of a text that are shown
const PICTURES = /\.(png|jpe?g|gif|webp|avif|svg|bmp|ico)$/i;
const MARKDOWN = /\.(md|markdown)$/i;
const TEXTS = new RegExp("(^|/)(readme|licen[cs]e|copying|makefile|dockerfile|changelog)$|\\.(txt|" +
    "log|csv|tsv|json|ya?ml|toml|ini|conf|cfg|c|h|cc|cpp|hpp|def|rs|go|py|rb|pl|java|kt|swift|js|" +
    "mjs|ts|css|scss|sh|bash|zsh|fish|sql|xml|diff|patch|tex|srt|vtt|properties|gitignore)$", "i");

function canPreview(entry) {
    return !entry.isFolder && (PICTURES.test(entry.name) || MARKDOWN.test(entry.name) ||
                               TEXTS.test(entry.name));
}

function emptyNote(...content) {
    return make("p", {class: "empty"}, ...content);
}

// Each of these returns what is to be shown; whoever asked may look at something else by then.
async function previewText(entry) {
    if (entry.size === 0)
        return [emptyNote("This file is empty.")];
    const response = await send("GET", entry.url,
        {Accept: "*/*", Range: "bytes=0-" + (PREVIEW_TEXT - 1)});
    const text = new TextDecoder().decode(await response.arrayBuffer());
    const content = [MARKDOWN.test(entry.name) ? markdown(text, entry.url)
                                               : make("pre", {class: "text", tabindex: "0"}, text)];
    if (response.status === 206 && entry.size > PREVIEW_TEXT)
        content.push(make("p", {class: "note"}, "This is the beginning only: the first " +
                          humanSize(PREVIEW_TEXT) + " of " + humanSize(entry.size) + "."));
    return content;
}

function previewPicture(entry) {
    const picture = make("img", {class: "picture", src: entry.url.href, alt: entry.shown,
        onerror: () => picture.replaceWith(emptyNote("This picture could not be shown."))});
    return [picture];
}

async function previewOf(entry) {
    try {
        return PICTURES.test(entry.name) ? previewPicture(entry) : await previewText(entry);
    } catch (problem) {
        return [emptyNote(problem.message + ". ", problem.advice || "")];
    }
}

function preview(entry) {
    const title = make("h2", {}, make("bdi"));
    const box = make("div", {class: "box", tabindex: "0", autofocus: true, "aria-live": "polite"});
    const open = make("a", {class: "icon open", "aria-label": "Open", title: "Open"});
    const load = make("a", {class: "icon download", download: true, "aria-label": "Download",
                            title: "Download"});
    const dialog = make("dialog", {class: "preview", "aria-label": "Preview", onkeydown: keys,
                                   onclose: closed,
                                   onclick: (e) => { if (e.target === dialog) dialog.close(); }},
        make("header", {}, title, iconButton("previous", "Previous", () => step(-1)),
             iconButton("next", "Next", () => step(1)), load, open,
             iconButton("close", "Close", () => dialog.close())), box);
    let shown = entry;

    async function show(next) {
        shown = next;
        title.firstChild.textContent = next.shown;
        open.href = load.href = next.url.href;
        box.replaceChildren();
        box.scrollTop = 0;
        const content = await previewOf(next);
        if (shown === next)
            box.replaceChildren(...content);
    }
    function step(by) {
        const all = visibleRows().map(entryOf).filter(canPreview);
        const at = all.findIndex((other) => other.url.href === shown.url.href);
        if (all.length > 1)
            show(all[(at + by + all.length) % all.length]);
    }
    function keys(event) {
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
            event.preventDefault();
            step(event.key === "ArrowLeft" ? -1 : 1);
        } else if (event.key === " " && event.target.nodeName !== "BUTTON") {
            event.preventDefault();
            dialog.close();
        }
    }
    function closed() {
        dialog.remove();
        focusRow((entry) => entry.url.href === shown.url.href);
    }
    document.body.append(dialog);
    dialog.showModal();
    show(entry);
}
