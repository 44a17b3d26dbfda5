// SPDX-License-Identifier: MIT
// The keyboard, the clicks, and the beginning.

function menuOf(entry, button) {
    const items = [];
    const visit = (address, isDownload) => make("a", {href: address, download: isDownload}).click();
    if (canPreview(entry))
        items.push(["Preview", "eye", () => preview(entry)]);
    if (entry.isFolder) {
        items.push(["Open", "open", () => visit(entry.url.href, false)]);
        if (hasArchives)
            for (const kind of ["zip", "tar"])
                items.push(["Download as " + kind, "download",
                            () => visit(entry.url.href + "?archive=" + kind, true)]);
    } else {
        items.push(["Download", "download", () => visit(entry.url.href, true)]);
    }
    if (writable)
        items.push(["Rename", "pencil", () => rename(entry)], ["Move", "move", () => move(entry)],
                   ["Delete", "bin", () => remove(entry)]);
    openMenu(button, entry.shown, items);
}

function clicked(event) {
    const button = event.target.closest("td.more button");
    const link = event.target.closest("tbody th a");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey &&
        !event.altKey;
    if (button) {
        menuOf(entryOf(button.closest("tr")), button);
    } else if (link && isPlain && canPreview(entryOf(link.closest("tr")))) {
        event.preventDefault();
        preview(entryOf(link.closest("tr")));
    }
}

function walk(step) {
    const all = visibleRows();
    const at = all.indexOf(document.activeElement?.closest("tr"));
    const next = step === "first" ? 0 : step === "last" ? all.length - 1
        : at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    all[next]?.querySelector("a").focus();
}

function endSearch() {
    if (new URLSearchParams(location.search).has("search")) {
        location.assign(folder);
    } else if (search?.value) {
        search.value = "";
        narrow();
    }
    search?.blur();
}

// What a key does on its own; each takes the entry that the focus is on, or null.
const KEYS = {
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    Home: () => walk("first"),
    End: () => walk("last"),
    "/": () => search?.select(),
    "?": () => showHelp(),
    Escape: () => endSearch(),
    " ": (entry) => { if (entry && canPreview(entry)) preview(entry); },
    ...(writable ? {
        F2: (entry) => { if (entry) rename(entry); },
        Delete: (entry) => { if (entry) remove(entry); },
        m: (entry) => { if (entry) move(entry); },
        n: () => createFolder(),
        u: () => chooseFiles(false),
    } : {}),
};

function pressed(event) {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.nodeName);
    const isButton = event.target.nodeName === "BUTTON" || event.target.nodeName === "SUMMARY";
    const inField = isTyping && !["ArrowDown", "Escape"].includes(event.key);
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey ||
        inField || (isButton && event.key === " ") || !Object.hasOwn(KEYS, event.key))
        return;
    event.preventDefault();
    KEYS[event.key](currentEntry());
}

function start() {
    const actions = {upload: () => chooseFiles(false), "upload-folder": () => chooseFiles(true),
                     folder: () => createFolder()};
    document.body.append(live);
    restoreSorting();
    if (search) {
        search.form.after(make("p", {class: "hint", role: "status", hidden: true}));
        search.addEventListener("input", narrow);
    }
    document.querySelectorAll("[data-do]").forEach((button) => {
        button.addEventListener("click", () => {
            button.closest("details")?.removeAttribute("open");
            actions[button.dataset.do]();
        });
    });
    document.querySelector("main").addEventListener("click", clicked);
    addEventListener("keydown", pressed);
    addEventListener("click", (event) => {
        document.querySelectorAll("details.menu[open]").forEach((menu) => {
            if (!menu.contains(event.target) || event.target.nodeName === "A")
                menu.removeAttribute("open");
        });
    });
    if (writable) {
        document.body.append(panel);
        listenForDrops();
    }
    decorate();
}

start();
