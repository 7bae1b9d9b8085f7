// navigator.credentials with another authenticator behind it. It runs before any script of the page, in every frame.
(call, answer) => {
  'use strict';
  const send = globalThis[call];
  delete globalThis[call];
  // Where there are no passkeys, there are none of ours.
  if (!send || !globalThis.isSecureContext || !globalThis.PublicKeyCredential) return;
  const tell = (what) => send(JSON.stringify(what));

  // What the page may change later is taken now.
  const { create, get } = CredentialsContainer.prototype;
  const isActive = Object.getOwnPropertyDescriptor(UserActivation.prototype, 'isActive').get;
  const activation = navigator.userActivation;

  const pending = new Map();
  const refusals = new WeakMap();
  let last = 0;

  const encode = (octets) =>
    btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(''))
      .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const decode = (text) =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)).buffer;

  // Options as their JSON form has them: octets in base64url.
  const plain = (value) => {
    if (Object.prototype.toString.call(value) === '[object ArrayBuffer]') return encode(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return encode(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== 'object') return value;
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
  };

  const start = (kind, options) =>
    new Promise((resolve, reject) => {
      const { signal, mediation } = options;
      if (signal?.aborted) return reject(signal.reason);
      const id = ++last;
      const framing = [...location.ancestorOrigins];
      pending.set(id, { kind, resolve, reject });
      signal?.addEventListener('abort', () => {
        if (!pending.delete(id)) return;
        tell({ event: 'aborted', id });
        reject(signal.reason);
      });
      tell({
        event: 'call',
        id,
        kind,
        conditional: mediation === 'conditional',
        active: isActive.call(activation),
        origin: location.origin,
        top: framing.every((origin) => origin === location.origin) ? null : framing.at(-1),
        options: plain(options.publicKey),
      });
    });

  // What comes back looks as the browser's own.
  const like = (prototype, members) => {
    const descriptors = Object.entries(members).map(([name, value]) => [name, { value, enumerable: true }]);
    return Object.create(prototype, Object.fromEntries(descriptors));
  };
  const results = (json) => {
    const all = structuredClone(json ?? {});
    for (const name of ['first', 'second']) {
      if (all.prf?.results?.[name]) all.prf.results[name] = decode(all.prf.results[name]);
    }
    if (all.largeBlob?.blob) all.largeBlob.blob = decode(all.largeBlob.blob);
    return all;
  };
  const credential = (kind, json) => {
    const { response } = json;
    const octets = (name) => (response[name] ? decode(response[name]) : null);
    const shared = { clientDataJSON: octets('clientDataJSON') };
    const made = kind === 'create'
      ? like(AuthenticatorAttestationResponse.prototype, {
        ...shared,
        attestationObject: octets('attestationObject'),
        getAuthenticatorData: () => octets('authenticatorData'),
        getPublicKey: () => octets('publicKey'),
        getPublicKeyAlgorithm: () => response.publicKeyAlgorithm,
        getTransports: () => [...(response.transports ?? [])],
      })
      : like(AuthenticatorAssertionResponse.prototype, {
        ...shared,
        authenticatorData: octets('authenticatorData'),
        signature: octets('signature'),
        userHandle: octets('userHandle'),
      });
    return like(PublicKeyCredential.prototype, {
      id: json.id,
      rawId: decode(json.rawId),
      type: json.type,
      authenticatorAttachment: json.authenticatorAttachment ?? null,
      response: made,
      getClientExtensionResults: () => results(json.clientExtensionResults),
      toJSON: () => structuredClone(json),
    });
  };

  Object.defineProperty(globalThis, answer, {
    value: (id, { response, name, message }) => {
      const waiting = pending.get(id);
      if (!pending.delete(id)) return;
      if (response) return waiting.resolve(credential(waiting.kind, response));
      // The native function would have thrown this at what is no dictionary of its kind.
      const exception = ['TypeError', 'EncodingError'].includes(name)
        ? new TypeError(message)
        : new DOMException(message, name);
      refusals.set(exception, waiting.kind);
      waiting.reject(exception);
    },
  });

  addEventListener('unhandledrejection', ({ reason }) => {
    // Libraries wrap what they catch.
    for (let cause = reason; cause instanceof Object; cause = cause.cause) {
      if (refusals.has(cause)) return tell({ event: 'unhandled', kind: refusals.get(cause) });
    }
  });

  const replace = (object, name, value) =>
    Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
  replace(CredentialsContainer.prototype, 'create', function (options) {
    return options?.publicKey ? start('create', options) : create.call(this, options);
  });
  replace(CredentialsContainer.prototype, 'get', function (options) {
    return options?.publicKey ? start('get', options) : get.call(this, options);
  });
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
