// The outcomes of the cells of a table: each edits one member of options, and calls create() or get().
//
// `id` is the credential that get() allows, in base64url.
(inputs, id) => {
  const encode = (buffer) => new Uint8Array(buffer).toBase64({ alphabet: 'base64url', omitPadding: true });
  const decode = (text) => Uint8Array.fromBase64(text, { alphabet: 'base64url' });
  // WebAssembly has the shared memory that a page without isolation can get.
  const SharedBytes = function (length) {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return new Uint8Array(buffer, 0, length);
  };
  const BINARY = ['first', 'second', 'write', 'credBlob'];

  const filled = (value) => JSON.parse(JSON.stringify(value).replaceAll('"ID"', JSON.stringify(id)));
  const base = (ceremony, at) => {
    const { options, extensions } = inputs[ceremony];
    const [, extension] = at.split('/extensions');
    return filled(extension ? { ...options, extensions: extensions[extension] } : options);
  };
  const steps = (at) => at.split('/').slice(1).map((step) => (step === 'ID' ? id : step));
  const read = (options, at) => steps(at).reduce((value, step) => value?.[step], options);
  const edit = (options, at, set) => {
    const path = steps(at);
    const last = path.pop();
    if (last === undefined) return set();
    const parent = path.reduce((value, step) => value[step], options);
    const value = set();
    if (value === undefined && Array.isArray(parent)) parent.splice(last, 1);
    else if (value === undefined) delete parent[last];
    else parent[last] = value;
    return options;
  };
  // The options as a page has them: bytes where JSON has base64url.
  const withBytes = (ceremony, options) => {
    for (const at of inputs[ceremony].binary) edit(options, at, () => decode(read(options, at)));
    const inExtensions = (value) => {
      for (const [name, member] of Object.entries(value)) {
        if (BINARY.includes(name)) value[name] = decode(member);
        else if (typeof member === 'object') inExtensions(member);
      }
    };
    inExtensions(options.extensions);
    return options;
  };

  // A timeout that is too short for an answer was converted, too; the speed of the machine decides which one is.
  const perform = async (ceremony, at, publicKey) => {
    const signal = AbortSignal.timeout(3000);
    try {
      await navigator.credentials[ceremony]({ publicKey, signal });
      return 'accepted';
    } catch (error) {
      return at === '/timeout' && error.name === 'NotAllowedError' ? 'accepted' : error.name;
    }
  };
  const leaf = (value) => {
    if (value instanceof ArrayBuffer) return encode(value);
    if (ArrayBuffer.isView(value)) return encode(value.buffer);
    if (typeof value === 'string') return value.toWellFormed();
    return typeof value === 'object' ? undefined : value;
  };

  const cells = {
    // From JSON: the outcome, and the converted member where that is text, a number or a boolean.
    async json(ceremony, at, kind) {
      const options = edit(base(ceremony, at), at, () => (kind === 'absent' ? undefined : JSON.parse(kind)));
      const name = ceremony === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON';
      let parsed;
      try { parsed = PublicKeyCredential[name](options); } catch (error) { return [error.name]; }
      const value = leaf(read(parsed, at));
      const outcome = await perform(ceremony, at, parsed);
      return value === undefined ? [outcome] : [outcome, value];
    },
    // From objects of a page.
    async object(ceremony, at, kind) {
      const set = () => {
        if (kind === 'absent') return undefined;
        return inputs.kinds.includes(kind) ? JSON.parse(kind) : Function('SharedBytes', `return (${kind})`)(SharedBytes);
      };
      return perform(ceremony, at, edit(withBytes(ceremony, base(ceremony, at)), at, set));
    },
    // All kinds of a member, in the given forms.
    async row(ceremony, at, forms) {
      const row = {};
      const { typical } = inputs[ceremony];
      for (const kind of ['absent', ...inputs.kinds, ...(typical.includes(at) ? inputs.expressions : [])]) {
        row[kind] = {};
        if (forms.includes('json') && !inputs.expressions.includes(kind)) {
          [row[kind].json, row[kind].value] = await cells.json(ceremony, at, kind);
        }
        if (forms.includes('object')) row[kind].object = await cells.object(ceremony, at, kind);
      }
      return row;
    },
  };
  return cells;
}
