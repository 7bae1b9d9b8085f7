// Run in a world of its own in every frame: what a person sees there that fits.
(wanted) => {
  const all = (root, selector) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll('*')].filter((e) => e.shadowRoot).flatMap((e) => all(e.shadowRoot, selector)),
  ];
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(e).visibility !== 'hidden';
  };
  if (!wanted.startsWith('text=')) return all(document, wanted).find(shown) ?? null;
  const text = wanted.slice('text='.length).trim().toLowerCase();
  const says = (e) => (e.innerText || e.value || e.ariaLabel || '').trim().toLowerCase();
  const controls = all(document, 'button, a, [role=button], input[type=submit], input[type=button], summary')
    .filter(shown);
  // What can be used comes before what can be read.
  return controls.find((e) => says(e) === text)
    ?? controls.find((e) => says(e).includes(text))
    ?? all(document, 'body *').filter((e) => shown(e) && says(e).includes(text)).at(-1)
    ?? null;
}
