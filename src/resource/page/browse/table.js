// SPDX-License-Identifier: MIT
// The rows: what they stand for, sorting, narrowing, and getting them anew from the server, which
// alone knows how a row is written.

const search = document.querySelector(".search input");
const collator = new Intl.Collator(undefined, {numeric: true, sensitivity: "base"});
const sorting = {column: 0, descending: false};

function rows() {
    return [...document.querySelectorAll("main tbody tr")];
}

function visibleRows() {
    return rows().filter((row) => !row.hidden);
}

function entryOf(row) {
    const link = row.querySelector("th a");
    const url = new URL(link.getAttribute("href"), folder);
    return {row, link, url, name: lastName(url), shown: link.querySelector("bdi").textContent,
            isFolder: row.classList.contains("folder"),
            size: Number(row.querySelector("data")?.value || 0),
            modified: row.querySelector("time")?.dateTime || ""};
}

// The entry that the keyboard is on, or null.
function currentEntry() {
    const row = document.activeElement?.closest?.("main tbody tr");
    return row ? entryOf(row) : null;
}

let present = null; // names of what is in the folder itself, once somebody asked

function hasName(name) {
    if (!present)
        present = new Set(rows().map(entryOf).filter(
            (entry) => parentOf(entry.url).href === folder.href).map((entry) => entry.name));
    return present.has(name);
}

function compareRows(a, b) {
    const direction = sorting.descending ? -1 : 1;
    if (a.isFolder !== b.isFolder)
        return a.isFolder ? -1 : 1;
    let order = 0;
    if (sorting.column === 1)
        order = a.size - b.size;
    else if (sorting.column === 2)
        order = a.modified < b.modified ? -1 : Number(a.modified > b.modified);
    return direction * (order || collator.compare(a.shown, b.shown));
}

function sortRows() {
    const body = document.querySelector("main tbody");
    const heads = document.querySelectorAll("main thead th[scope=col]");
    if (!body)
        return;
    // Out of the page while they move, so that a long table is laid out once.
    const sorted = rows().map(entryOf).sort(compareRows).map((entry) => entry.row);
    const focused = document.activeElement, place = document.createComment("");
    body.replaceWith(place);
    body.append(...sorted);
    place.replaceWith(body);
    if (body.contains(focused))
        focused.focus({preventScroll: true});
    heads.forEach((head, i) => {
        if (i < 3)
            head.setAttribute("aria-sort", i !== sorting.column ? "none"
                                           : sorting.descending ? "descending" : "ascending");
    });
}

function sortBy(column) {
    sorting.descending = sorting.column === column && !sorting.descending;
    sorting.column = column;
    remember("candor-sort", column + (sorting.descending ? "-" : "+"));
    sortRows();
}

// Narrows the rows to those whose name holds what is in the search field.
function narrow() {
    const word = search ? search.value.trim().toLowerCase() : "";
    const isAnswer = new URLSearchParams(location.search).get("search") === search?.value;
    let count = 0;
    for (const row of rows()) {
        row.hidden = !isAnswer && word !== "" &&
            !row.querySelector("th bdi").textContent.toLowerCase().includes(word);
        count += !row.hidden;
    }
    const hint = document.querySelector(".hint");
    if (hint) {
        hint.hidden = isAnswer || word === "";
        hint.textContent = (count ? count + (count === 1 ? " match" : " matches") + " here. "
                                  : "No match here. ") +
            "Press Enter to look in the folders below, too.";
    }
}

function decorate() {
    present = null;
    const head = document.querySelector("main thead tr");
    if (head) {
        [...head.children].forEach((cell, i) => {
            const label = cell.textContent;
            cell.replaceChildren(make("button", {type: "button", onclick: () => sortBy(i)}, label));
        });
        head.append(make("th", {class: "more"}, make("span", {class: "unseen"}, "Actions")));
    }
    const cell = make("td", {class: "more"}, iconButton("dots", "Actions"));
    for (const row of rows()) {
        const more = cell.cloneNode(true);
        more.firstChild.setAttribute("aria-label",
                                     "Actions for " + row.querySelector("bdi").textContent);
        row.append(more);
    }
    if (sorting.column || sorting.descending)
        sortRows();
    else
        head?.children[0].setAttribute("aria-sort", "ascending");
    narrow();
}

function focusRow(isIt) {
    rows().find((row) => isIt(entryOf(row)))?.querySelector("a").focus();
}

// Where the focus is, so that it can be told whether it moved: rows are made anew.
function focusPlace() {
    return currentEntry()?.url.href || document.activeElement;
}

let refreshing = null;

// Gets the listing again, one at a time, so that the newest is shown. name: of the entry to put the
// focus on, unless the person has moved it meanwhile.
async function refresh(name) {
    const began = focusPlace();
    while (refreshing)
        await refreshing;
    refreshing = fetch(location.href, {headers: {Accept: "text/html"}, cache: "no-cache"})
        .then((response) => response.ok ? response.text() : null, () => null);
    const text = await refreshing;
    refreshing = null;
    if (text === null)
        return;
    const place = focusPlace(), focused = currentEntry()?.url.href;
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of ["main", ".summary"]) {
        const fresh = page.querySelector(part), old = document.querySelector(part);
        if (fresh && old)
            old.replaceChildren(...document.importNode(fresh, true).childNodes);
    }
    decorate();
    if (name && (place === began || place === document.body))
        focusRow((entry) => entry.name === name);
    else if (focused)
        focusRow((entry) => entry.url.href === focused);
}

function restoreSorting() {
    const kept = /^([0-2])([+-])$/.exec(recall("candor-sort") || "");
    if (kept) {
        sorting.column = Number(kept[1]);
        sorting.descending = kept[2] === "-";
    }
}
