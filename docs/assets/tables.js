// Material puts a table that is wider than the page into a box that scrolls: by the keyboard, too, if it can have the focus.
new MutationObserver(() => {
  for (const box of document.querySelectorAll('.md-typeset__scrollwrap:not([tabindex])'))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
}).observe(document.body, { childList: true, subtree: true })
