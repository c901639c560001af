// A button beside each command that copies it.

export function copies(root) {
  if (!navigator.clipboard) return; // only where the page is trusted: this host, or TLS
  for (const code of root.querySelectorAll('[data-copy]')) {
    if (code.nextElementSibling?.dataset.copies !== undefined) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.copies = '';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy: ' + code.textContent);
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = 'Selected';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
    code.after(button);
  }
}
