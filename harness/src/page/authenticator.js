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
  const { create: derive, defineProperty, getOwnPropertyDescriptor, keys, setPrototypeOf } = Object;
  const { iterator } = Symbol;
  const { isView } = ArrayBuffer;
  const getter = (prototype, name) => uncurry(getOwnPropertyDescriptor(prototype, name).get);
  const clone = structuredClone;
  const wellFormed = uncurry(String.prototype.toWellFormed);
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
    return (view) => {
      const bytes = buffer(view);
      // The getter throws for shared memory, in which no BufferSource may lie.
      bufferLength(bytes);
      return new Bytes(bytes, offset(view), length(view));
    };
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

  // The conversions of Web IDL: from a value of the page to options JSON, with bytes in base64url. `at` is the place of
  // the value, for messages. Code of the page that a conversion calls, such as a getter, runs once, and its exceptions
  // reach the caller.
  const NONE = [];
  const mistake = (at, expected) => {
    throw new Mistake(`invalid options at \`${at}\`: expected ${expected}`);
  };
  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  // Each operator throws a TypeError for what it cannot convert, such as a symbol.
  const text = (value) => wellFormed(`${value}`);
  const boolean = (value) => !!value;
  const long = (value) => +value | 0;
  const unsignedLong = (value) => +value >>> 0;
  const bytes = (value, at) => {
    try {
      if (!isView(value)) return encode(new Bytes(value, 0, bufferLength(value)));
      try { return encode(bytesOf[0](value)); } catch { return encode(bytesOf[1](value)); }
    } catch { return mistake(at, 'a BufferSource'); }
  };
  const sequence = (convert) => (value, at) => {
    const iterate = isObject(value) ? value[iterator] : undefined;
    if (iterate === undefined || iterate === null) mistake(at, 'a sequence');
    const items = setPrototypeOf([], null);
    let count = 0;
    for (const item of { __proto__: null, [iterator]: () => apply(iterate, value, NONE) }) {
      if (count === MOST) mistake(at, `at most ${MOST} items`);
      items[count] = convert(item, `${at}[${count}]`);
      count += 1;
    }
    return items;
  };
  const record = (convert) => (value, at) => {
    if (!isObject(value)) mistake(at, 'an object');
    const members = { __proto__: null };
    const names = keys(value);
    for (let index = 0; index < names.length; index += 1) {
      const name = wellFormed(names[index]);
      members[name] = convert(value[names[index]], `${at}.${name}`);
    }
    return members;
  };
  const optional = (name, convert) => ({ __proto__: null, name, convert, isRequired: false });
  const required = (name, convert) => ({ __proto__: null, name, convert, isRequired: true });
  // The members in the order in which a browser reads them. They may be inherited.
  const dictionary = (...members) => (value, at) => {
    const isEmpty = value === undefined || value === null;
    if (!isEmpty && !isObject(value)) mistake(at, 'an object');
    const converted = { __proto__: null };
    for (let index = 0; index < members.length; index += 1) {
      const { name, convert, isRequired } = members[index];
      const member = isEmpty ? undefined : value[name];
      if (member !== undefined) converted[name] = convert(member, `${at}.${name}`);
      else if (isRequired) mistake(`${at}.${name}`, 'a value, found undefined');
    }
    return converted;
  };

  const descriptors = sequence(dictionary(
    required('id', bytes),
    optional('transports', sequence(text)),
    required('type', text),
  ));
  const values = dictionary(required('first', bytes), optional('second', bytes));
  const extensions = dictionary(
    optional('appid', text),
    optional('appidExclude', text),
    optional('credBlob', bytes),
    optional('credProps', boolean),
    optional('credentialProtectionPolicy', text),
    optional('enforceCredentialProtectionPolicy', boolean),
    optional('getCredBlob', boolean),
    optional('hmacCreateSecret', boolean),
    optional('hmacGetSecret', dictionary(required('salt1', bytes), optional('salt2', bytes))),
    optional('largeBlob', dictionary(optional('read', boolean), optional('support', text), optional('write', bytes))),
    optional('minPinLength', boolean),
    optional('prf', dictionary(optional('eval', values), optional('evalByCredential', record(values)))),
    optional('thirdPartyPayment', boolean),
    optional('uvm', boolean),
  );
  const OPTIONS = {
    __proto__: null,
    create: dictionary(
      optional('attestation', text),
      optional('attestationFormats', sequence(text)),
      optional('authenticatorSelection', dictionary(
        optional('authenticatorAttachment', text),
        optional('requireResidentKey', boolean),
        optional('residentKey', text),
        optional('userVerification', text),
      )),
      required('challenge', bytes),
      optional('excludeCredentials', descriptors),
      optional('extensions', extensions),
      optional('hints', sequence(text)),
      required('pubKeyCredParams', sequence(dictionary(required('alg', long), required('type', text)))),
      required('rp', dictionary(required('name', text), optional('id', text))),
      optional('timeout', unsignedLong),
      required('user', dictionary(required('name', text), required('displayName', text), required('id', bytes))),
    ),
    get: dictionary(
      optional('allowCredentials', descriptors),
      required('challenge', bytes),
      optional('extensions', extensions),
      optional('hints', sequence(text)),
      optional('rpId', text),
      optional('timeout', unsignedLong),
      optional('userVerification', text),
    ),
  };

  const start = (kind, publicKey, signal, mediation) =>
    new Later((resolve, reject) => {
      const active = isActive(activation);
      const about = { __proto__: null, kind, active, origin, top };
      let options;
      let conditional = false;
      let isLate = false;
      try {
        conditional = mediation !== undefined && text(mediation) === 'conditional';
        options = OPTIONS[kind](publicKey, 'publicKey');
        if (stringify(options).length > LONGEST) mistake('publicKey', `at most ${LONGEST} characters`);
        isLate = signal !== undefined && isAborted(signal);
      } catch (error) {
        tell({ __proto__: null, ...about, event: 'unconverted', conditional });
        reject(error);
        return;
      }
      if (isLate) {
        reject(abortReason(signal));
        return;
      }
      last += 1;
      const id = last;
      pending[id] = { __proto__: null, kind, resolve, reject };
      if (signal !== undefined) {
        listen(signal, 'abort', () => {
          if (!pending[id]) return;
          delete pending[id];
          tell({ __proto__: null, event: 'aborted', id });
          reject(abortReason(signal));
        });
      }
      tell({ __proto__: null, ...about, event: 'call', id, conditional, options });
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
      const exception = name === 'TypeError' ? new Mistake(message) : new Exception(message, name);
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
      if (publicKey !== undefined) ({ signal, mediation } = options);
    } catch (error) {
      return new Later((_, reject) => reject(error));
    }
    if (publicKey !== undefined) return start(kind, publicKey, signal, mediation);
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
