// SPDX-License-Identifier: MIT
// New folder, rename, move, delete. Nothing is overwritten or removed that the person has not seen:
// Overwrite: F, and If or If-Match with the entity tag of the moment of the question.

async function createFolder() {
    const name = await askName("New folder", "Name", "Create", "", hasName);
    if (name === null)
        return;
    await attempt(async () => {
        await send("MKCOL", member(folder, name, true));
        say("The folder " + name + " was made.");
    });
    await refresh(name);
}

// Moves an entry; asks when something is there already. The address where it is now, or null.
async function moveTo(entry, target) {
    let terms = {Overwrite: "F"};
    for (;;) {
        const response = await send("MOVE", entry.url, {Destination: target.href, ...terms}, [412]);
        if (response.status !== 412)
            return target;
        const etag = (await send("HEAD", target, {}, [404])).headers.get("ETag") || "";
        const choice = await askConflict(lastName(target), !entry.isFolder, false);
        if (choice.answer === "skip")
            return null;
        if (choice.answer === "both")
            target = await freeName(target, entry.isFolder);
        terms = choice.answer !== "replace" ? {Overwrite: "F"}
            : {Overwrite: "T", ...(/^"/.test(etag) && {If: "<" + target.href + "> ([" + etag + "])"})};
    }
}

async function rename(entry) {
    const name = await askName("Rename", "New name", "Rename", entry.name, null);
    if (name === null)
        return;
    const moved = await attempt(() =>
        moveTo(entry, member(parentOf(entry.url), name, entry.isFolder)));
    if (moved)
        say("It is called " + lastName(moved) + " now.");
    await refresh(moved ? lastName(moved) : entry.name);
}

async function remove(entry) {
    // Asked at once: a question that came late would get the Enter that was meant for something else.
    const head = entry.isFolder ? null : send("HEAD", entry.url);
    head?.catch(() => {}); // told below
    const answer = await ask({
        title: "Delete " + entry.shown + "?",
        text: entry.isFolder ? "The folder goes with everything in it. This cannot be undone."
                             : "This cannot be undone.",
        actions: [["delete", "Delete", "danger"], ["", "Keep it"]],
    });
    if (answer !== "delete")
        return undefined;
    const next = entry.row.nextElementSibling || entry.row.previousElementSibling;
    const neighbour = next ? entryOf(next).name : "";
    await attempt(async () => {
        const etag = (await head)?.headers.get("ETag");
        const isStrong = etag && !etag.startsWith("W/");
        const response = await send("DELETE", entry.url, isStrong ? {"If-Match": etag} : {}, [412]);
        if (response.status === 412)
            throw new Problem(entry.shown + " has changed meanwhile",
                              "It was not deleted. Look at it again before you do.", 412);
        say(entry.shown + " was deleted.");
    });
    return refresh(neighbour);
}

// ---- Choosing where to

// The folders below an address, or a Problem.
async function foldersOf(url) {
    const response = await send("GET", url, {Accept: "application/json"});
    const listing = await response.json();
    return {path: listing.path,
            folders: listing.entries.filter((entry) => entry.type === "folder")};
}

async function move(entry) {
    const from = parentOf(entry.url);
    const list = make("ul", {class: "folders"});
    const path = make("p", {class: "path"});
    let target = null, asked = null;

    async function show(url) {
        let found;
        asked = url;
        target = null; // what is not yet shown is not moved to
        try {
            found = await foldersOf(url);
        } catch (problem) {
            if (asked === url)
                path.textContent = problem.message + ".";
            return;
        }
        if (asked !== url)
            return;
        target = url;
        path.textContent = found.path;
        const choose = (label, to, look) => make("li", {}, make("button",
            {type: "button", class: "icon-text " + look, onclick: () => show(to)}, label));
        list.replaceChildren(
            ...(found.path === "/" ? [] : [choose("Parent folder", new URL("../", url), "up-icon")]),
            ...found.folders.map((child) => [child, new URL(child.href, url)])
                .filter(([, to]) => to.href !== entry.url.href)
                .map(([child, to]) => choose(child.name, to, "folder-icon")));
        if (list.contains(document.activeElement) || document.activeElement === document.body)
            list.querySelector("button")?.focus();
    }

    const answer = await ask({
        title: "Move " + entry.shown + " to\u2026",
        content: make("div", {}, path, list),
        actions: [["move", "Move here"], ["", "Cancel"]],
        check: () => !target ? "Choose a folder, and wait until it is shown."
            : target.href === from.href ? "It is in this folder already." : "",
        onopen: () => show(from),
    });
    if (answer !== "move")
        return;
    const moved = await attempt(() => moveTo(entry, member(target, entry.name, entry.isFolder)));
    if (moved)
        say(entry.shown + " was moved.");
    await refresh();
}

// ---- Conflicts

// "a.txt" as "a (2).txt"
function numbered(name, number) {
    const dot = name.lastIndexOf(".");
    const at = dot > 0 ? dot : name.length;
    return name.slice(0, at) + " (" + number + ")" + name.slice(at);
}

// An address beside url where nothing is yet.
async function freeName(url, isFolder) {
    const name = lastName(url);
    for (let number = 2; number < 1000; number++) {
        const candidate = member(parentOf(url), numbered(name, number), isFolder);
        if ((await send("HEAD", candidate, {}, [404])).status === 404)
            return candidate;
    }
    throw new Problem("Too many have this name", "Choose another one.", 412);
}

// {answer: "replace", "both" or "skip", all: do the same with the rest}
async function askConflict(name, canReplace, hasMore) {
    const all = make("input", {type: "checkbox"});
    const answer = await ask({
        title: name + " is there already",
        text: canReplace ? "Replacing it takes away what is there now."
                         : "A folder is not replaced as a whole.",
        content: hasMore ? make("label", {class: "check"}, all, "Do the same with all others")
                         : null,
        actions: [["both", "Keep both"], ...(canReplace ? [["replace", "Replace", "danger"]] : []),
                  ["skip", "Skip"]],
    });
    return {answer: answer || "skip", all: all.checked};
}
