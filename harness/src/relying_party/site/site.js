// The practice page: what a relying party's own page does about passkeys.

const $ = (id) => document.getElementById(id);
const VIEWS = ["sign-in", "sign-up", "offer", "second-step", "recover", "account"];

// Where people go by a link; the other views follow from what they did.
const LINKED = ["sign-in", "sign-up", "recover"];

// ---- Speaking to the server

class Refused extends Error {
  constructor(path, status, body) {
    super(body.errorMessage || `The server answered ${status}.`);
    this.path = path;
    this.status = status;
    this.body = body;
  }
}

async function ask(method, path, body) {
  const sent = body === undefined ? {} : {
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  let response;
  try {
    response = await fetch(path, { method, cache: "no-store", ...sent });
  } catch {
    throw new Error("The server does not answer. Is `passrig rp` still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(path, response.status, answer);
  return answer;
}

// ---- Speaking to people

function say(kind, text) {
  for (const id of ["error", "done"]) {
    $(id).hidden = id !== kind;
    $(id).textContent = id === kind ? text : "";
  }
}

const hush = () => say(null);

// The server's sentences begin small, for they stand after a colon elsewhere.
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".");

function inWords(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "That was cancelled, or it took too long. Nothing has changed: you can try again, or go another way.";
    case "InvalidStateError":
      return "This device has a passkey for this account already.";
    case "NotSupportedError":
    case "ConstraintError":
      return "This device cannot make such a passkey. Another device or a security key may.";
    case "SecurityError":
      return `Passkeys do not work at ${location.origin}: they belong to another address. Open the one that \`passrig rp\` named.`;
    default:
      return sentence(error.message || "Something went wrong");
  }
}

function show(view) {
  for (const other of VIEWS) $(other).hidden = other !== view;
  const field = $(view).querySelector("input:not([hidden])");
  (field && !field.value ? field : $(view).querySelector("h1")).focus();
  document.title = `${$(view).querySelector("h1").textContent} – practice with passkeys`;
  if (view === "sign-in") offerPasskeys(); else stopOffering();
}

// Runs what a click asks for, one at a time, and tells what became of it.
async function act(control, action) {
  // Not `disabled`: it would lose the keyboard's focus.
  if (control.ariaBusy === "true") return;
  hush();
  control.ariaBusy = "true";
  try {
    await action();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 401 && !$("account").hidden) await enter();
    say("error", inWords(error));
  } finally {
    control.ariaBusy = "false";
  }
}

const on = (id, action) => $(id).addEventListener("click", (event) => {
  event.preventDefault();
  act(event.currentTarget, action);
});

const onSubmit = (id, action) => $(id).addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  act(form.querySelector("button[type=submit]"), () => action(Object.fromEntries(new FormData(form)), form));
});

// ---- Passkeys

function demandSupport() {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    throw new Error("This browser is too old for this page, or knows no passkeys here.");
  }
}

async function createPasskey() {
  demandSupport();
  const { username } = await ask("GET", "/account");
  const options = await ask("POST", "/attestation/options", {
    username,
    displayName: username,
    authenticatorSelection: { residentKey: "required", userVerification: "preferred" },
  });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  await ask("POST", "/attestation/result", credential.toJSON());
}

async function usePasskey(how = {}) {
  demandSupport();
  const options = await ask("POST", "/assertion/options", { userVerification: "preferred", mediation: how.mediation });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  // The server forgets its challenge after a while; autofill waits for longer.
  const late = how.renew && setTimeout(how.renew, options.timeout - 10_000);
  try {
    const credential = await navigator.credentials.get({ publicKey, ...how });
    await ask("POST", "/assertion/result", credential.toJSON());
  } finally {
    clearTimeout(late);
  }
}

const WRONG_PASSKEY = "That passkey did not work here. It may have been removed.";

// Autofill: the browser offers passkeys at the username field, until another
// ceremony begins.
let offering = null;

async function offerPasskeys() {
  stopOffering();
  const own = offering = new AbortController();
  if (!await window.PublicKeyCredential?.isConditionalMediationAvailable?.() || own.signal.aborted) return;
  try {
    await usePasskey({ mediation: "conditional", signal: own.signal, renew: offerPasskeys });
  } catch (error) {
    // Where autofill does not work, nobody asked for it.
    if (own.signal.aborted || error.path !== "/assertion/result") return;
    say("error", WRONG_PASSKEY);
    offerPasskeys();
    return;
  }
  await enter();
}

function stopOffering() {
  offering?.abort();
  offering = null;
}

// ---- From view to view

// Where the session stands.
async function enter({ offer = false } = {}) {
  const session = await ask("GET", "/session");
  if (session.awaits) return show("second-step");
  if (!session.signedIn) return show("sign-in");
  const passkeys = await listPasskeys();
  show(offer && passkeys.length === 0 ? "offer" : "account");
}

async function listPasskeys() {
  const [account, { credentials }] = await Promise.all([ask("GET", "/account"), ask("GET", "/credentials")]);
  $("account-name").textContent = account.username;
  $("codes-left").textContent = account.recoveryCodes === 0
    ? "You have none. With one of them you get in if you lose your passkeys."
    : `${account.recoveryCodes} left. New ones take the place of all others.`;
  $("new-codes").textContent = account.recoveryCodes === 0 ? "Get recovery codes" : "Get new recovery codes";
  $("no-passkeys").hidden = credentials.length > 0;
  $("passkeys").replaceChildren(...credentials.map((credential, place) => {
    const name = credential.name ?? `Passkey ${place + 1}`;
    const item = $("passkey").content.cloneNode(true);
    item.querySelector("li").dataset.id = credential.id;
    item.querySelector(".name").textContent = name;
    item.querySelector(".about").textContent = credential.backupState ? "On all your devices" : "On one device";
    const [rename, remove] = [item.querySelector(".rename"), item.querySelector(".remove")];
    rename.setAttribute("aria-label", `Rename ${name}`);
    remove.setAttribute("aria-label", `Remove ${name}`);
    rename.addEventListener("click", () => act(rename, () => renamePasskey(credential.id, name)));
    remove.addEventListener("click", () => act(remove, () => removePasskey(credential.id, name)));
    return item;
  }));
  await tellPasswordManager(account.userId, credentials);
  return credentials;
}

// Password managers stop offering what is gone.
async function tellPasswordManager(userId, credentials) {
  const allAcceptedCredentialIds = credentials.map((credential) => credential.id);
  const rpId = location.hostname;
  try {
    await window.PublicKeyCredential?.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds });
  } catch {
    // It is a favour: nothing depends on it.
  }
}

// What the person says to a dialog; nothing, if it is closed.
function answerTo(id) {
  const dialog = $(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

// Not a submit button: the Enter key presses the first one that there is.
$("rename").querySelector("button[type=button]").addEventListener("click", () => $("rename").close(""));

async function renamePasskey(id, old) {
  $("rename-name").value = old;
  if (!await answerTo("rename")) return;
  await ask("PATCH", `/credentials/${id}`, { name: $("rename-name").value });
  await listPasskeys();
  document.querySelector(`[data-id="${id}"] .rename`)?.focus();
  say("done", "The passkey has its new name.");
}

async function removePasskey(id, name) {
  $("remove-title").textContent = `Remove “${name}”?`;
  $("remove-text").textContent = "It will no longer sign you in, and whoever signed in with it elsewhere is signed out.";
  if (!await answerTo("remove")) return;
  try {
    await ask("DELETE", `/credentials/${id}`);
  } catch (error) {
    if (!error.body?.confirm) throw error;
    $("remove-title").textContent = "Lose the account?";
    $("remove-text").textContent =
      "This is your last passkey, and you have neither a password nor a recovery code: nobody could sign in any more.";
    if (!await answerTo("remove")) return;
    await ask("DELETE", `/credentials/${id}?confirm=true`);
  }
  await listPasskeys();
  $("passkeys-title").focus();
  say("done", "The passkey is removed.");
}

onSubmit("sign-up-form", async (fields, form) => {
  await ask("POST", "/password/sign-up", fields);
  form.reset();
  await enter({ offer: true });
});

onSubmit("sign-in-form", async (fields, form) => {
  stopOffering();
  try {
    await ask("POST", "/password/sign-in", fields);
  } catch (error) {
    offerPasskeys();
    throw error.status === 400 ? new Error("Username or password is wrong.") : error;
  }
  $("recover-name").value = fields.username;
  form.reset();
  await enter({ offer: true });
});

onSubmit("recover-form", async (fields, form) => {
  try {
    await ask("POST", "/recover", fields);
  } catch (error) {
    throw error.status === 400 ? new Error(
      "That did not work. The code may be wrong or used; where the password comes first, sign in with it before.",
    ) : error;
  }
  form.reset();
  await enter();
  say("done", "You are in. Add a new passkey, and remove the one that you lost.");
});

async function signInWithPasskey() {
  stopOffering();
  try {
    await usePasskey();
  } catch (error) {
    if (!$("sign-in").hidden) offerPasskeys();
    throw error.path === "/assertion/result" ? new Error(WRONG_PASSKEY) : error;
  }
  await enter();
}

on("passkey-sign-in", signInWithPasskey);
on("second-step-use", signInWithPasskey);

on("second-step-cancel", async () => {
  await ask("POST", "/logout");
  show("sign-in");
});

on("offer-create", async () => {
  await createPasskey();
  await enter();
  say("done", "You have a passkey. Next time, sign in with it.");
});

on("offer-later", () => enter());

on("add-passkey", async () => {
  await createPasskey();
  await listPasskeys();
  say("done", "The passkey is added.");
});

on("new-codes", async () => {
  const { codes } = await ask("POST", "/recovery-codes");
  $("codes-list").replaceChildren(...codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  }));
  await answerTo("codes");
  $("codes-list").replaceChildren();
  await listPasskeys();
});

$("copy-codes").addEventListener("click", async (event) => {
  const codes = [...$("codes-list").children].map((item) => item.textContent);
  await navigator.clipboard.writeText(codes.join("\n"));
  event.target.textContent = "Copied";
});

on("sign-out", async () => {
  await ask("POST", "/logout");
  await enter();
  say("done", "You are signed out.");
});

function follow() {
  const view = location.hash.slice(1);
  if (!LINKED.includes(view)) return;
  // So that the same link works again.
  history.replaceState(null, "", location.pathname);
  hush();
  show(view);
}

addEventListener("hashchange", follow);

await enter().catch((error) => {
  show("sign-in");
  say("error", inWords(error));
});
follow();
