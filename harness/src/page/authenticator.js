// navigator.credentials with another authenticator behind it. It runs before any script of the page, in every frame.
//
// The page can replace every property of every object that it reaches, at any time after that. So each function that
// is used later is taken now, and later code looks nothing up on a prototype: objects have none, lists are walked by
// index, descriptors inherit nothing.
(call, answer, token) => {
  'use strict';
  // A window can outlive its first, empty document: this has run in it already.
  const isInstalled = answer in globalThis;
  const send = isInstalled ? undefined : globalThis[call];
  delete globalThis[call];
  // Where there are no passkeys, there are none of ours.
  if (!send || !globalThis.isSecureContext || !globalThis.PublicKeyCredential) return;

  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const { apply } = Reflect;
  const { parse, stringify } = JSON;
  const { create: derive, defineProperty, getOwnPropertyDescriptor, hasOwn, keys, setPrototypeOf } = Object;
  const { iterator } = Symbol;
  const { isView } = ArrayBuffer;
  const getter = (prototype, name) => uncurry(getOwnPropertyDescriptor(prototype, name).get);
  const clone = structuredClone;
  const Bytes = Uint8Array;
  const TypedArray = Object.getPrototypeOf(Bytes).prototype;
  const Later = Promise;
  const Mistake = TypeError;
  const Exception = DOMException;
  const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
  const bytesLength = getter(TypedArray, 'length');
  const bytesBuffer = getter(TypedArray, 'buffer');
  const bytesOf = [TypedArray, DataView.prototype].map((prototype) => {
    const [buffer, offset, length] = ['buffer', 'byteOffset', 'byteLength'].map((name) => getter(prototype, name));
    return (view) => new Bytes(buffer(view), offset(view), length(view));
  });
  const isAborted = getter(AbortSignal.prototype, 'aborted');
  const abortReason = getter(AbortSignal.prototype, 'reason');
  const listen = uncurry(EventTarget.prototype.addEventListener);
  const rejectionReason = getter(PromiseRejectionEvent.prototype, 'reason');
  const remember = uncurry(WeakMap.prototype.set);
  const recall = uncurry(WeakMap.prototype.get);
  const { create, get } = CredentialsContainer.prototype;
  const isActive = getter(UserActivation.prototype, 'isActive');
  const activation = navigator.userActivation;
  const prototypes = {
    __proto__: null,
    attestation: AuthenticatorAttestationResponse.prototype,
    assertion: AuthenticatorAssertionResponse.prototype,
    credential: PublicKeyCredential.prototype,
  };

  // Neither changes while this window lives.
  const { origin } = globalThis;
  const ancestors = location.ancestorOrigins;
  let top = null;
  for (let at = 0; at < ancestors.length; at += 1) {
    if (ancestors[at] !== origin) top = ancestors[ancestors.length - 1];
  }

  const DEEPEST = 32;
  const LONGEST = 1 << 20;
  const MOST = 1 << 16;
  const pending = { __proto__: null };
  const refusals = new WeakMap();
  let last = 0;

  // The token tells Rust that a message is from here, and this code that an answer is from there.
  const tell = (message) => send(stringify({ __proto__: null, token, ...message }));

  const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const VALUES = { __proto__: null, '+': 62, '/': 63 };
  for (let at = 0; at < 64; at += 1) VALUES[LETTERS[at]] = at;
  const encode = (bytes) => {
    const length = bytesLength(bytes);
    let text = '';
    for (let at = 0; at < length; at += 3) {
      const left = length - at;
      const a = bytes[at];
      const b = left > 1 ? bytes[at + 1] : 0;
      const c = left > 2 ? bytes[at + 2] : 0;
      text += LETTERS[a >> 2] + LETTERS[(a & 3) << 4 | b >> 4];
      if (left > 1) text += LETTERS[(b & 15) << 2 | c >> 6];
      if (left > 2) text += LETTERS[c & 63];
    }
    return text;
  };
  const decode = (text) => {
    let count = text.length;
    while (count > 0 && text[count - 1] === '=') count -= 1;
    const bytes = new Bytes(count * 3 >> 2);
    let held = 0;
    let bits = 0;
    let next = 0;
    for (let at = 0; at < count; at += 1) {
      held = (held << 6 | VALUES[text[at]]) & 0xffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes[next] = held >> bits & 255;
        next += 1;
      }
    }
    return bytesBuffer(bytes);
  };

  // The bytes of a BufferSource, in base64url; undefined for anything else.
  const binary = (value) => {
    if (isView(value)) {
      try { return encode(bytesOf[0](value)); } catch { return encode(bytesOf[1](value)); }
    }
    try { bufferLength(value); } catch { return undefined; }
    return encode(new Bytes(value));
  };
  // The members of dictionaries. A browser reads them wherever they come from: a prototype, or a getter.
  const NONE = [];
  const DESCRIPTOR = ['type', 'id', 'transports'];
  const OPTIONS = [
    'rp', 'user', 'pubKeyCredParams', 'timeout', 'excludeCredentials', 'authenticatorSelection', 'attestation',
    'attestationFormats', 'hints', 'extensions', 'rpId', 'allowCredentials', 'userVerification', 'challenge',
  ];
  const BELOW = {
    __proto__: null,
    rp: ['id', 'name'],
    user: ['id', 'name', 'displayName'],
    pubKeyCredParams: ['type', 'alg'],
    excludeCredentials: DESCRIPTOR,
    allowCredentials: DESCRIPTOR,
    authenticatorSelection: ['authenticatorAttachment', 'residentKey', 'requireResidentKey', 'userVerification'],
  };
  // A value as its JSON form has it: bytes in base64url. Each member is read once.
  const plain = (value, names, depth) => {
    if (typeof value === 'bigint' || typeof value === 'function') return undefined;
    if (value === null || typeof value !== 'object') return value;
    const bytes = binary(value);
    if (bytes !== undefined) return bytes;
    if (depth > DEEPEST) return undefined;
    const iterate = value[iterator];
    if (iterate !== undefined && iterate !== null) {
      const items = setPrototypeOf([], null);
      let count = 0;
      for (const item of { __proto__: null, [iterator]: () => apply(iterate, value, NONE) }) {
        if (count === MOST) return undefined;
        items[count] = plain(item, names, depth + 1);
        count += 1;
      }
      return items;
    }
    const members = { __proto__: null };
    const add = (name) => {
      const member = value[name];
      const below = names === OPTIONS ? BELOW[name] ?? NONE : NONE;
      if (member !== undefined) members[name] = plain(member, below, depth + 1);
    };
    const own = keys(value);
    for (let at = 0; at < own.length; at += 1) add(own[at]);
    for (let at = 0; at < names.length; at += 1) {
      if (!hasOwn(members, names[at]) && names[at] in value) add(names[at]);
    }
    return members;
  };

  const start = (kind, publicKey, signal, mediation) =>
    new Later((resolve, reject) => {
      const hasSignal = signal !== undefined && signal !== null;
      if (hasSignal && isAborted(signal)) {
        reject(abortReason(signal));
        return;
      }
      let options = plain(publicKey, OPTIONS, 0);
      if ((stringify(options) ?? '').length > LONGEST) options = null;
      last += 1;
      const id = last;
      pending[id] = { __proto__: null, kind, resolve, reject };
      if (hasSignal) {
        listen(signal, 'abort', () => {
          if (!pending[id]) return;
          delete pending[id];
          tell({ __proto__: null, event: 'aborted', id });
          reject(abortReason(signal));
        });
      }
      const conditional = mediation === 'conditional';
      const active = isActive(activation);
      tell({ __proto__: null, event: 'call', id, kind, conditional, active, origin, top, options });
    });

  // What comes back looks as the browser's own.
  const like = (prototype, members) => {
    const object = derive(prototype);
    const names = keys(members);
    for (let at = 0; at < names.length; at += 1) {
      defineProperty(object, names[at], { __proto__: null, value: members[names[at]], enumerable: true });
    }
    return object;
  };
  const results = (json) => {
    const all = clone(json ?? {});
    const values = all.prf?.results;
    if (values?.first) values.first = decode(values.first);
    if (values?.second) values.second = decode(values.second);
    if (all.largeBlob?.blob) all.largeBlob.blob = decode(all.largeBlob.blob);
    return all;
  };
  const credential = (kind, json) => {
    const { response } = json;
    const bytes = (name) => (response[name] ? decode(response[name]) : null);
    const made = kind === 'create'
      ? like(prototypes.attestation, {
        __proto__: null,
        clientDataJSON: bytes('clientDataJSON'),
        attestationObject: bytes('attestationObject'),
        getAuthenticatorData: () => bytes('authenticatorData'),
        getPublicKey: () => bytes('publicKey'),
        getPublicKeyAlgorithm: () => response.publicKeyAlgorithm,
        getTransports: () => clone(response.transports ?? []),
      })
      : like(prototypes.assertion, {
        __proto__: null,
        clientDataJSON: bytes('clientDataJSON'),
        authenticatorData: bytes('authenticatorData'),
        signature: bytes('signature'),
        userHandle: bytes('userHandle'),
      });
    return like(prototypes.credential, {
      __proto__: null,
      id: json.id,
      rawId: decode(json.rawId),
      type: json.type,
      authenticatorAttachment: json.authenticatorAttachment ?? null,
      response: made,
      getClientExtensionResults: () => results(json.clientExtensionResults),
      toJSON: () => clone(json),
    });
  };

  defineProperty(globalThis, answer, {
    __proto__: null,
    value: (given, id, json) => {
      if (given !== token || !pending[id]) return;
      const { kind, resolve, reject } = pending[id];
      delete pending[id];
      const { response, name, message } = parse(json);
      if (response) {
        resolve(credential(kind, response));
        return;
      }
      // The native function would have thrown this at what is no dictionary of its kind.
      const exception = name === 'TypeError' || name === 'EncodingError'
        ? new Mistake(message)
        : new Exception(message, name);
      remember(refusals, exception, kind);
      reject(exception);
    },
  });

  // While an event is at its target, listeners of the capturing phase come first, and of those the oldest.
  listen(globalThis, 'unhandledrejection', (event) => {
    if (!event.isTrusted) return;
    let cause = rejectionReason(event);
    // Libraries wrap what they catch.
    for (let depth = 0; depth < DEEPEST; depth += 1) {
      const kind = recall(refusals, cause);
      if (kind) {
        tell({ __proto__: null, event: 'unhandled', kind });
        return;
      }
      if (cause === null || typeof cause !== 'object') return;
      try { cause = cause.cause; } catch { return; }
    }
  }, true);

  const replace = (object, name, value) =>
    defineProperty(object, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  // Each member of the options is read once: by this code, or by the native function.
  const replaced = (kind, native) => function (options) {
    if (options === null || (typeof options !== 'object' && typeof options !== 'function')) {
      return apply(native, this, [options]);
    }
    let publicKey;
    let signal;
    let mediation;
    try {
      ({ publicKey } = options);
      if (publicKey) ({ signal, mediation } = options);
    } catch (error) {
      return new Later((_, reject) => reject(error));
    }
    if (publicKey) return start(kind, publicKey, signal, mediation);
    const others = derive(options);
    defineProperty(others, 'publicKey', { __proto__: null, value: undefined });
    return apply(native, this, [others]);
  };
  replace(CredentialsContainer.prototype, 'create', replaced('create', create));
  replace(CredentialsContainer.prototype, 'get', replaced('get', get));
  const yes = async () => true;
  replace(PublicKeyCredential, 'isUserVerifyingPlatformAuthenticatorAvailable', yes);
  replace(PublicKeyCredential, 'isConditionalMediationAvailable', yes);
  replace(PublicKeyCredential, 'getClientCapabilities', async () => ({
    conditionalCreate: false,
    conditionalGet: true,
    hybridTransport: false,
    passkeyPlatformAuthenticator: true,
    relatedOrigins: false,
    signalAllAcceptedCredentials: true,
    signalCurrentUserDetails: true,
    signalUnknownCredential: true,
    userVerifyingPlatformAuthenticator: true,
  }));
  for (const name of ['signalAllAcceptedCredentials', 'signalCurrentUserDetails', 'signalUnknownCredential']) {
    replace(PublicKeyCredential, name, async () => {});
  }
}
