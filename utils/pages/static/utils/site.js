// What a page can do better with a script. Without one, all but forms that send PUT or DELETE work as well.

const WORDS = "text/html";

// Send a form by the method that it names; the answer to whoever asked for a page is a page.
async function send(form) {
  const method = form.dataset.method || "POST";
  const body = new FormData(form);
  const token = body.get("csrfmiddlewaretoken");
  body.delete("csrfmiddlewaretoken");
  const response = await fetch(form.action, { method, body, headers: { Accept: WORDS, "X-CSRFToken": token } });
  const page = new DOMParser().parseFromString(await response.text(), WORDS);
  return { page, response };
}

// A control changes its row in place, so that whoever pressed it stays where they are.
function replaceRow(form, page) {
  const id = form.dataset.row;
  const row = id && document.getElementById(id);
  const fresh = id && page.getElementById(id);
  if (!row || !fresh) {
    return false;
  }
  const position = [...row.querySelectorAll("form.control")].indexOf(form);
  row.replaceWith(fresh);
  fresh.querySelectorAll("form.control")[position]?.querySelector("button")?.focus();
  return true;
}

function show(page) {
  document.title = page.title;
  document.body.replaceWith(page.body);
  document.body.querySelectorAll("[data-limit]").forEach(count);
  scrollTo(0, 0);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.method && !form.dataset.row) {
    return;
  }
  event.preventDefault();
  const button = event.submitter;
  button?.setAttribute("disabled", "");
  try {
    const { page, response } = await send(form);
    if (response.redirected && replaceRow(form, page)) {
      return;
    }
    if (response.redirected) {
      location.assign(response.url);
    } else {
      show(page);
    }
  } finally {
    button?.removeAttribute("disabled");
  }
});

// Characters are code points, as the server counts them.
function count(box) {
  let note = box.nextElementSibling;
  if (!note?.classList.contains("count")) {
    note = document.createElement("span");
    note.className = "count";
    box.after(note);
  }
  const length = [...box.value.trim()].length;
  note.textContent = `${length} of ${box.dataset.limit} characters`;
  note.classList.toggle("is-over", length > Number(box.dataset.limit));
}

document.addEventListener("input", (event) => {
  if (event.target.dataset.limit) {
    count(event.target);
  }
});
document.querySelectorAll("[data-limit]").forEach(count);
