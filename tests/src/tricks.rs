//! What a page can do to the objects that it shares with passrig's `navigator.credentials`.
//!
//! Each script runs before the honest script of the page, and tries to change what is reported of it. The page passes
//! what it gives to `get()` through `dress(options, sent)`, if a script defines that; `sent` is what the server sent.

/// A name, and the script.
pub const TRICKS: [(&str, &str); 22] = [
    (
        "JSON.stringify is replaced",
        "const { stringify } = JSON;
        JSON.stringify = (value) => value?.event
            ? stringify({ ...value, active: true, conditional: true, event: 'aborted' }) : stringify(value);",
    ),
    ("JSON.parse is replaced", "JSON.parse = () => ({ response: null, name: 'TypeError', message: '' });"),
    (
        "Object.prototype has toJSON",
        "Object.prototype.toJSON = function () { return this.event ? { event: 'none' } : this; };",
    ),
    (
        "Array.prototype and String.prototype have toJSON",
        "Array.prototype.toJSON = String.prototype.toJSON = () => 'required';",
    ),
    (
        "Object.prototype has the members of an answer",
        "Object.prototype.response = { clientDataJSON: 'AA' }; Object.prototype.id = 'AA'; Object.prototype.rawId = 'AA';",
    ),
    (
        "Object.prototype has the members of a property descriptor",
        "Object.prototype.get = Object.prototype.set = function () {};",
    ),
    ("Promise.prototype.then is replaced", "Promise.prototype.then = function () { return this; };"),
    (
        "Promise, Map and WeakMap are replaced",
        "Map.prototype.set = Map.prototype.get = () => undefined;
        Map.prototype.delete = () => false;
        WeakMap.prototype.has = () => false;
        WeakMap.prototype.get = WeakMap.prototype.set = () => undefined;
        globalThis.Promise = class extends Promise { constructor() { super((resolve) => resolve()); } };",
    ),
    (
        "functions of Object are replaced",
        "const { entries, fromEntries, keys } = Object;
        const hidden = ([name]) => name !== 'userVerification';
        Object.entries = (value) => entries(value).filter(hidden);
        Object.fromEntries = (list) => fromEntries([...list].filter(hidden));
        Object.keys = (value) => keys(value).filter((name) => hidden([name]));
        Object.defineProperty = (object) => object;
        Object.create = () => ({});",
    ),
    (
        "functions of arrays and their iterator are replaced",
        "Array.prototype.map = Array.prototype.filter = () => [];
        Array.prototype.push = () => 0;
        Object.defineProperty(Array.prototype, '0', { set() {}, get() { return 'required'; } });",
    ),
    (
        "functions of texts and bytes are replaced",
        "globalThis.btoa = globalThis.atob = () => '';
        String.prototype.replaceAll = String.prototype.charCodeAt = () => '';
        String.fromCharCode = () => '';
        Uint8Array.from = () => new Uint8Array(0);
        globalThis.Uint8Array = class { };
        ArrayBuffer.isView = () => false;
        Object.prototype.toString = () => '[object ArrayBuffer]';",
    ),
    (
        "a gesture is feigned",
        "const yes = { get: () => true, configurable: true };
        Object.defineProperty(UserActivation.prototype, 'isActive', yes);
        Object.defineProperty(UserActivation.prototype, 'hasBeenActive', yes);
        Object.defineProperty(Navigator.prototype, 'userActivation', { get: () => ({ isActive: true }) });",
    ),
    (
        "an older listener of another phase stops the event of a refusal",
        "addEventListener('unhandledrejection', (event) => event.stopImmediatePropagation(), true);",
    ),
    (
        "the reason of a refusal is hidden",
        "Object.defineProperty(PromiseRejectionEvent.prototype, 'reason', { get: () => undefined });
        Object.defineProperty(Object, Symbol.hasInstance, { value: () => false });",
    ),
    (
        "everything with a name is called with messages of the page's own",
        "const said = { kind: 'get', conditional: true, active: true, origin: location.origin, top: null, options: {} };
        const forged = [{ event: 'call', id: 1, ...said }, { event: 'aborted', id: 1 }, { event: 'unhandled', kind: 'create' }];
        const forge = (window) => {
            for (const name of Object.getOwnPropertyNames(window)) {
                if (!/passrig|^_/i.test(name) || typeof window[name] !== 'function') continue;
                for (const message of forged) { try { window[name](JSON.stringify(message)); } catch {} }
                for (let id = 1; id < 9; id += 1) {
                    const answer = { response: { id: 'AA', rawId: 'AA', response: {} } };
                    try { window[name](id, answer); } catch {}
                    try { window[name]('', id, JSON.stringify(answer)); } catch {}
                }
            }
        };
        forge(globalThis);
        setInterval(() => forge(globalThis), 10);",
    ),
    (
        "a frame that runs no scripts shows how passrig is called",
        "const frame = document.createElement('iframe');
        frame.sandbox = 'allow-same-origin';
        document.documentElement.append(frame);
        const found = frame.contentWindow;
        for (const name of Object.getOwnPropertyNames(found)) {
            if (name in globalThis || typeof found[name] !== 'function') continue;
            try { found[name](JSON.stringify({ event: 'unhandled', kind: 'create' })); } catch {}
            try { found[name](JSON.stringify({ token: '', event: 'unhandled', kind: 'create' })); } catch {}
        }
        frame.remove();",
    ),
    (
        "globalThis means something else",
        "Object.defineProperty(globalThis, 'globalThis', { value: {}, writable: false, configurable: false });
        Object.freeze(Object.getPrototypeOf(globalThis));",
    ),
    (
        "the names that passrig had are taken",
        "for (const name of ['passrigAnswer', 'passrigCall']) {
            try { Object.defineProperty(globalThis, name, { value: () => {}, writable: false }); } catch {}
        }
        for (const name of Object.getOwnPropertyNames(globalThis)) {
            if (/passrig|^_/i.test(name)) { try { globalThis[name] = () => {}; delete globalThis[name]; } catch {} }
        }",
    ),
    (
        "options differ from one reading to the next",
        "globalThis.dress = (options, sent) => {
            let reads = 0;
            return { get publicKey() { reads += 1; return reads === 1 ? options.publicKey : sent; } };
        };",
    ),
    (
        "an option is inherited",
        "globalThis.dress = (options) => {
            const publicKey = Object.create({ userVerification: 'discouraged' });
            for (const name of Object.keys(options.publicKey)) {
                if (name !== 'userVerification') publicKey[name] = options.publicKey[name];
            }
            return Object.create({ publicKey });
        };",
    ),
    (
        "the page answers in the place of the server",
        "globalThis.dress = (options, sent, text) => {
            const body = text.replace('required', 'discouraged');
            globalThis.forgeries = [
                fetch('data:application/json,' + encodeURIComponent(body)),
                fetch(URL.createObjectURL(new Blob([body], { type: 'application/json' }))),
            ];
            for (let at = 0; at < 70; at += 1) globalThis.forgeries.push(fetch('/none?' + at));
            return options;
        };",
    ),
    (
        "the document says that it still loads",
        "Object.defineProperty(Document.prototype, 'readyState', { get: () => 'loading' });
        Object.defineProperty(document, 'readyState', { get: () => 'loading' });
        document.querySelectorAll = document.getElementsByTagName = () => [];",
    ),
];
