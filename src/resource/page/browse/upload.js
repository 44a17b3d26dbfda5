// SPDX-License-Identifier: MIT
// Uploads: a few at once, each with its progress. A small file is one PUT; a large one is an upload
// resource that grows piece by piece, so that a lost connection costs a piece at most
// (docs/uploads.md). Nothing is replaced unasked: If-None-Match: *, or If-Match after the question.

const PARALLEL = 3;
const PIECE = 8 * 1024 * 1024;      // bytes in one PATCH
const WHOLE = 16 * 1024 * 1024;     // up to this size a file is one PUT
const RETRIES = 12;                 // in a row, without a byte of progress
const SILENCE = 60 * 1000;          // without progress: the connection counts as lost
const ROWS_KEPT = 50;               // rows of finished uploads that stay in view

const uploads = {waiting: [], active: 0, total: 0, done: 0, failed: 0, policy: null};
const panel = make("aside", {class: "uploads", "aria-label": "Uploads", hidden: true});
const panelTitle = make("h2", {role: "status", "aria-live": "polite"});
const panelRows = make("ul", {});
panel.append(make("header", {}, panelTitle, iconButton("close", "Close", closePanel)), panelRows);

function closePanel() {
    if (uploads.active || uploads.waiting.length)
        panel.classList.toggle("folded");
    else
        panel.hidden = true;
}

function showCounts() {
    const {total, done, failed, active, waiting} = uploads;
    const running = active + waiting.length;
    let text = running ? "Uploading: " + done + " of " + total + " done"
                       : done + (done === 1 ? " file" : " files") + " uploaded";
    if (failed)
        text += ", " + failed + " not";
    if (panelTitle.textContent !== text)
        panelTitle.textContent = text;
}

// ---- One request, with progress

function cancelled() {
    return new Problem("Cancelled", "", -1);
}

function transfer(job, method, url, fields, body) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        let watch = 0;
        const alive = () => {
            clearTimeout(watch);
            watch = setTimeout(() => { request.onabort = lost; request.abort(); }, SILENCE);
        };
        const lost = () => { clearTimeout(watch); reject(lostConnection()); };

        request.open(method, url);
        request.setRequestHeader("Accept", "application/problem+json");
        for (const [name, value] of Object.entries(fields))
            request.setRequestHeader(name, value);
        request.upload.onprogress = (event) => { alive(); job.progress(event.loaded); };
        request.onerror = lost;
        request.onabort = () => {
            clearTimeout(watch);
            reject(cancelled());
        };
        request.onload = () => {
            clearTimeout(watch);
            if (request.status >= 200 && request.status < 300)
                resolve(request);
            else
                reject(problemFromText(request.status, request.getResponseHeader("Content-Type"),
                                       request.responseText));
        };
        job.abort = () => request.abort();
        if (job.isCancelled) {
            reject(cancelled());
            return;
        }
        alive();
        request.send(body);
    });
}

function pause(job, milliseconds) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(finish, milliseconds);
        function finish() {
            clearTimeout(timer);
            removeEventListener("online", finish);
            resolve();
        }
        addEventListener("online", finish);
        job.abort = () => { reject(cancelled()); finish(); };
    });
}

// Does a step again while the connection is lost, or the server has no room for it just now.
async function patiently(job, step) {
    for (let tries = 0, best = job.sent;;) {
        if (job.isCancelled)
            throw cancelled();
        try {
            return await step();
        } catch (problem) {
            if (problem.status !== 0 && problem.status !== 503)
                throw problem;
            tries = job.sent > best ? 1 : tries + 1;
            best = Math.max(best, job.sent);
            if (tries > RETRIES)
                throw problem;
            job.wasLost = true;
            job.say("Connection lost, trying again\u2026");
            await pause(job, Math.min(30000, 500 * 2 ** tries));
        }
    }
}

// ---- One file

function modifiedSeconds(file) {
    return String(Math.floor(file.lastModified / 1000));
}

// Whether what is at the target is this very file: its answer may have been lost, not the content.
async function hasArrived(job) {
    const response = await send("HEAD", job.url, {}, [404]);
    const modified = Date.parse(response.headers.get("Last-Modified") || "");
    return response.ok && Number(response.headers.get("Content-Length")) === job.file.size &&
        String(modified / 1000) === modifiedSeconds(job.file);
}

async function putWhole(job) {
    await patiently(job, async () => {
        job.progress(0);
        try {
            await transfer(job, "PUT", job.url, {
                ...job.condition, "X-OC-Mtime": modifiedSeconds(job.file),
                "Content-Type": job.file.type || "application/octet-stream"}, job.file);
        } catch (problem) {
            if (problem.status !== 412 || !job.wasLost || !await hasArrived(job))
                throw problem;
        }
    });
}

function uploadKey(job) {
    return "candor-upload " + job.url.href + " " + job.file.size + " " + job.file.lastModified;
}

// How much of the upload resource is there; null: it is no more, or complete.
async function uploadOffset(job) {
    const response = await send("HEAD", job.upload, {}, [404, 410]);
    const offset = response.headers.get("Upload-Offset");
    return response.ok && offset !== null && Number(offset) <= job.file.size &&
           response.headers.get("Upload-Complete") !== "?1" ? Number(offset) : null;
}

async function openUpload(job) {
    const kept = recall(uploadKey(job));
    if (kept) {
        job.upload = new URL(kept, folder);
        const offset = job.upload.origin === location.origin ? await uploadOffset(job) : null;
        if (offset !== null)
            return offset;
        remember(uploadKey(job), null);
    }
    const answer = await transfer(job, "PUT", job.url, {
        ...job.condition, "Upload-Complete": "?0", "Upload-Length": String(job.file.size),
        "X-OC-Mtime": modifiedSeconds(job.file)}, null);
    const location_ = answer.getResponseHeader("Location");
    if (!location_)
        throw new Problem("The server did not open an upload", "Try again later.", answer.status);
    job.upload = new URL(location_, job.url);
    remember(uploadKey(job), job.upload.href);
    return 0;
}

async function putInPieces(job) {
    let offset = null, wasOpen = false;
    await patiently(job, async () => {
        if (offset === null && wasOpen) {
            offset = await uploadOffset(job);
            if (offset === null && await hasArrived(job))
                return;
        }
        if (offset === null)
            offset = await openUpload(job);
        wasOpen = true;
        while (offset !== Infinity) {
            const end = Math.min(offset + PIECE, job.file.size);
            const isLast = end === job.file.size;
            const start = offset;
            offset = null; // not known until this piece is answered
            job.base = start;
            try {
                await transfer(job, "PATCH", job.upload, {
                    "Content-Type": "application/partial-upload", "Upload-Offset": String(start),
                    "Upload-Complete": isLast ? "?1" : "?0"}, job.file.slice(start, end));
            } catch (problem) {
                if (problem.status !== 409 && problem.status !== 404)
                    throw problem;
                throw lostConnection(); // ask where the upload is, and go on from there
            }
            offset = isLast ? Infinity : end;
        }
    });
    job.base = 0;
}

// What to do where something is already. False: nothing, it is to be skipped.
async function settleConflict(job) {
    const response = await send("HEAD", job.url, {}, [404]);
    if (response.status === 404) {
        job.condition = {"If-None-Match": "*"};
        return true;
    }
    const etag = response.headers.get("ETag") || "";
    const canReplace = !new URL(response.url).pathname.endsWith("/") && /^"/.test(etag);
    const turn = uploads.turn || Promise.resolve();
    const mine = turn.then(async () => {
        if (job.isCancelled)
            throw cancelled();
        if (uploads.policy && (canReplace || uploads.policy !== "replace"))
            return uploads.policy;
        job.say("Waiting for your answer");
        await noDialog();
        const choice = await askConflict(job.name, canReplace, uploads.waiting.length > 0);
        if (choice.all)
            uploads.policy = choice.answer;
        return choice.answer;
    });
    uploads.turn = mine.catch(() => {});
    const answer = await mine;
    if (answer === "skip")
        return false;
    if (answer === "both") {
        job.url = await freeName(job.url, false);
        job.rename(lastName(job.url));
        job.condition = {"If-None-Match": "*"};
    } else {
        job.condition = {"If-Match": etag};
    }
    return true;
}

async function runJob(job) {
    // A large body is not sent only to be refused: it is asked for first.
    const mayExist = job.file.size > 65536 || hasName(job.name);
    job.condition = {"If-None-Match": "*"};
    job.wasLost = false;
    if (mayExist && !await patiently(job, () => settleConflict(job)))
        return false;
    for (let tries = 0;; tries++) {
        try {
            if (job.file.size > WHOLE)
                await putInPieces(job);
            else
                await putWhole(job);
            return true;
        } catch (problem) {
            if (problem.status !== 412 || tries > 5)
                throw problem;
            remember(uploadKey(job), null);
            if (!await patiently(job, () => settleConflict(job)))
                return false;
        }
    }
}

// ---- Their rows

function makeJob(file, url) {
    const title = make("bdi", {}, lastName(url));
    const bar = make("progress", {max: "1", value: "0", "aria-label": lastName(url)});
    const note = make("span", {class: "state"}, "Waiting");
    const cancel = iconButton("close", "Cancel " + lastName(url), () => job.cancel());
    const again = iconButton("again", "Try " + lastName(url) + " again", () => job.restart());
    again.hidden = true;
    const row = make("li", {}, make("span", {class: "name"}, title), bar, note, again, cancel);
    const job = {
        file, url, name: lastName(url), row, sent: 0, base: 0, upload: null, isCancelled: false,
        abort: null,
        say: (text) => { note.textContent = text; },
        rename: (name) => { job.name = title.textContent = name; },
        progress: (loaded) => {
            job.sent = Math.min(job.base + loaded, file.size);
            bar.value = file.size ? job.sent / file.size : 1;
            job.say(humanSize(job.sent) + " of " + humanSize(file.size));
        },
        finish: (look, text) => {
            row.className = look;
            note.textContent = text;
            bar.hidden = true;
            cancel.hidden = look !== "failed";
            again.hidden = look !== "failed";
        },
        restart: () => {
            uploads.failed--;
            row.className = "";
            bar.hidden = cancel.hidden = false;
            again.hidden = true;
            uploads.waiting.push(job);
            pump();
        },
        cancel: () => {
            if (row.className === "failed") {
                row.remove();
                return;
            }
            job.isCancelled = true;
            if (job.abort)
                job.abort();
        },
    };
    return job;
}

function forget(job) {
    remember(uploadKey(job), null);
    if (job.upload)
        send("DELETE", job.upload, {}, [404, 410]).catch(() => {});
    job.upload = null;
}

async function work(job) {
    if (!job.row.isConnected)
        panelRows.prepend(job.row);
    try {
        const stored = await runJob(job);
        job.finish("done", stored ? "Done" : "Skipped");
        remember(uploadKey(job), null);
        uploads.done += stored;
        uploads.total -= !stored;
    } catch (problem) {
        if (!(problem instanceof Problem))
            throw problem;
        if (job.isCancelled) {
            forget(job);
            job.row.remove();
            uploads.total--;
        } else {
            job.finish("failed", problem.message + ". " + problem.advice);
            uploads.failed++;
        }
    } finally {
        uploads.active--;
        const finished = panelRows.querySelectorAll(".done");
        for (let i = ROWS_KEPT; i < finished.length; i++)
            finished[i].remove();
        pump();
    }
}

let refreshTimer = 0;

function pump() {
    while (uploads.active < PARALLEL && uploads.waiting.length) {
        uploads.active++;
        work(uploads.waiting.shift());
    }
    showCounts();
    clearTimeout(refreshTimer);
    if (!uploads.active)
        uploads.policy = null;
    refreshTimer = setTimeout(() => refresh(), uploads.active ? 2000 : 0);
}

function enqueue(pairs) {
    if (!pairs.length) {
        refresh(); // empty folders were made, perhaps
        return;
    }
    if (!uploads.active && !uploads.waiting.length)
        uploads.total = uploads.done = 0;
    for (const [file, url] of pairs) {
        const job = makeJob(file, url);
        uploads.waiting.push(job);
        uploads.total++;
        if (uploads.waiting.length <= ROWS_KEPT)
            panelRows.append(job.row);
    }
    panel.hidden = false;
    panel.classList.remove("folded");
    pump();
}

// ---- Files and folders from a drop or a file field

function unreadable(name) {
    return new Problem(name + " could not be read", "Look whether it is still there.", -1);
}

async function readEntries(directory) {
    const reader = directory.createReader(), all = [];
    for (;;) {
        const some = await new Promise((resolve, reject) =>
            reader.readEntries(resolve, () => reject(unreadable(directory.name))));
        if (!some.length)
            return all;
        all.push(...some);
    }
}

// Makes the folder unless it is there: 405 is how MKCOL says so (RFC 4918, section 9.3.1).
async function ensureFolder(url) {
    await send("MKCOL", url, {}, [405]);
}

async function walkDropped(entry, parent, found) {
    if (entry.isFile) {
        const file = await new Promise((resolve, reject) =>
            entry.file(resolve, () => reject(unreadable(entry.name))));
        found.push([file, member(parent, entry.name, false)]);
        return;
    }
    const target = member(parent, entry.name, true);
    await ensureFolder(target);
    for (const child of await readEntries(entry))
        await walkDropped(child, target, found);
}

async function uploadDropped(transfer_) {
    const entries = [...transfer_.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...transfer_.files];
    await attempt(async () => {
        const found = [];
        if (entries.length)
            for (const entry of entries)
                await walkDropped(entry, folder, found);
        else
            found.push(...files.map((file) => [file, member(folder, file.name, false)]));
        enqueue(found);
    });
}

async function uploadChosen(files) {
    await attempt(async () => {
        const made = new Set(), found = [];
        for (const file of files) {
            const parts = (file.webkitRelativePath || file.name).split("/");
            let parent = folder;
            for (const part of parts.slice(0, -1)) {
                parent = member(parent, part, true);
                if (!made.has(parent.href))
                    await ensureFolder(parent);
                made.add(parent.href);
            }
            found.push([file, member(parent, parts[parts.length - 1], false)]);
        }
        enqueue(found);
    });
}

function chooseFiles(wantsFolder) {
    const input = make("input", {type: "file", multiple: true, hidden: true, class: "chosen",
                                 webkitdirectory: wantsFolder});
    document.querySelectorAll("input.chosen").forEach((old) => old.remove());
    input.addEventListener("change", () => uploadChosen([...input.files]));
    document.body.append(input);
    input.click();
}

function listenForDrops() {
    let depth = 0; // dragenter and dragleave come for every element within
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (change) => {
        depth = Math.max(0, change ? depth + change : 0);
        document.body.classList.toggle("dropping", depth > 0);
    };
    addEventListener("dragenter", (event) => { if (hasFiles(event)) mark(1); });
    addEventListener("dragleave", (event) => { if (hasFiles(event)) mark(-1); });
    addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
    addEventListener("drop", (event) => {
        mark(0);
        if (hasFiles(event)) {
            event.preventDefault();
            uploadDropped(event.dataTransfer);
        }
    });
    addEventListener("beforeunload", (event) => {
        if (uploads.active || uploads.waiting.length)
            event.preventDefault();
    });
}
