/* Keeps a change list of Django's admin as its address would answer now (channels_binding.contrib.admin). No build, no inline code. */
'use strict';
{
    const $ = (selector, of = document) => of.querySelector(selector);
    const all = (selector, of = document) => Array.from(of.querySelectorAll(selector));
    const CHOSEN = 'input.action-select';
    let events = null;
    let isReading = false;
    let isStale = false;
    let isHeld = false; // a pointer is down, or a letter is being composed: the list waits

    /* "7" of the row's checkbox, else the address of its first link */
    const keyOf = (row) => $(CHOSEN, row)?.value ?? $('input[name$="-id"], input[name$="-ptr"]', row)?.value ?? $('a', row)?.href;
    /* "city"; of those that share a name, radio buttons and lists of boxes, "size=2" */
    const nameOf = (input) => (input.name || '').replace(/^form-\d+-/, '') + (isBox(input) ? `=${input.value}` : '');
    const isBox = (input) => input.type === 'checkbox' || input.type === 'radio';
    const inputsOf = (row) => all('input, select, textarea', row).filter((each) => each.type !== 'hidden' && !each.matches(CHOSEN));

    function isDirty(input) {
        if (isBox(input)) {
            return input.checked !== input.defaultChecked;
        }
        if (input.tagName === 'SELECT') {
            const before = Array.from(input.options).filter((each) => each.defaultSelected);
            const isFirst = !input.multiple && !before.length && input.selectedIndex === 0; // nothing was chosen: browsers take the first
            return !isFirst && Array.from(input.options).some((each) => each.selected !== each.defaultSelected);
        }
        return input.value !== input.defaultValue;
    }

    function valueOf(input) {
        if (isBox(input)) {
            return input.checked;
        }
        return input.multiple ? Array.from(input.selectedOptions, (each) => each.value) : input.value;
    }

    function setValue(input, value) {
        if (isBox(input)) {
            input.checked = value;
        } else if (input.multiple) {
            Array.from(input.options).forEach((each) => { each.selected = value.includes(each.value); });
        } else {
            input.value = value;
        }
    }

    /* What a person has done to the list that the server does not know */
    function stateOf(form) {
        const rows = new Map();
        for (const row of all('#result_list tbody tr', form)) {
            const edits = inputsOf(row).filter(isDirty).map((input) => [nameOf(input), valueOf(input)]);
            if (edits.length || $(CHOSEN, row)?.checked) {
                rows.set(keyOf(row), {edits, isChosen: $(CHOSEN, row)?.checked});
            }
        }
        const active = form.contains(document.activeElement) ? document.activeElement : null;
        const row = active?.closest('#result_list tbody tr');
        return {
            rows,
            action: $('select[name=action]', form)?.value,
            isAcross: $('input.select-across', form)?.value === '1',
            scroll: $('.results', form)?.scrollLeft,
            focus: active && {
                key: row && keyOf(row),
                place: row ? all('a, input, select, textarea', row).indexOf(active) : all('a, button, input, select', form).indexOf(active),
                range: typeof active.selectionStart === 'number' ? [active.selectionStart, active.selectionEnd] : null,
            },
        };
    }

    function restore(form, state) {
        const changed = (input) => input.dispatchEvent(new Event('change', {bubbles: true}));
        const rows = new Map(all('#result_list tbody tr', form).map((row) => [keyOf(row), row]));
        if (state.action && $('select[name=action]', form)) {
            all('select[name=action]', form).forEach((each) => { each.value = state.action; });
        }
        for (const [key, {edits, isChosen}] of state.rows) {
            const row = rows.get(key);
            if (isChosen && row && $(CHOSEN, row)) {
                $(CHOSEN, row).checked = true;
                changed($(CHOSEN, row));
            }
            for (const [name, value] of row ? edits : []) {
                const input = inputsOf(row).find((each) => nameOf(each) === name);
                if (input) {
                    setValue(input, value);
                    changed(input);
                }
            }
        }
        if (state.isAcross && $('#action-toggle', form)?.checked) {
            $('div.actions span.question a', form)?.click();
        }
        if (state.scroll) {
            $('.results', form).scrollLeft = state.scroll;
        }
        if (state.focus) {
            const row = state.focus.key && rows.get(state.focus.key);
            const among = state.focus.key ? all('a, input, select, textarea', row || document.createElement('tr')) : all('a, button, input, select', form);
            const input = among[state.focus.place];
            input?.focus({preventScroll: true});
            if (input && state.focus.range) {
                input.setSelectionRange(...state.focus.range);
            }
        }
    }

    /* Rows with unsaved values that the new list has not got: it waits until they are saved, rather than lose them */
    function loses(state, form) {
        const keys = new Set(all('#result_list tbody tr', form).map(keyOf));
        return Array.from(state.rows).some(([key, {edits}]) => edits.length && !keys.has(key));
    }

    function show(page) {
        const old = $('#changelist-form');
        const form = $('#changelist-form', page);
        const state = stateOf(old);
        if (!form || loses(state, form)) {
            return;
        }
        old.replaceWith(document.adoptNode(form));
        for (const selector of ['#toolbar .quiet', '.object-tools']) {
            const [here, there] = [$(selector), $(selector, page)];
            if (here && there) {
                here.replaceWith(document.adoptNode(there));
            }
        }
        const boxes = all(`tr ${CHOSEN}`, form);
        if (boxes.length && window.Actions) {
            window.Actions(boxes); // the admin's own: counts what is chosen, and asks before an action loses what was typed
        }
        restore(form, state);
        window.DateTimeShortcuts?.init();
        window.django?.jQuery?.('#changelist-form .admin-autocomplete').djangoAdminSelect2?.();
        form.dispatchEvent(new CustomEvent('channels-binding:changed', {bubbles: true}));
    }

    async function read() {
        isStale = true;
        if (isReading || isHeld || document.hidden) {
            return;
        }
        isReading = true;
        try {
            while (isStale && !isHeld) {
                isStale = false;
                const response = await fetch(location.href, {credentials: 'same-origin', headers: {Accept: 'text/html'}});
                if (response.redirected || !response.ok) {
                    stop(); // signed out, or may not any more: the page stays as it is, and says so when it is used
                    return;
                }
                const page = new DOMParser().parseFromString(await response.text(), 'text/html');
                if (isHeld) {
                    isStale = true;
                } else if (document.body.classList.contains('change-list') && $('body.change-list', page)) {
                    show(page);
                }
            }
        } catch {
            isStale = true; // the network: EventSource comes back, and has it read again
        } finally {
            isReading = false;
        }
    }

    function start() {
        if (!events && !document.hidden) {
            events = new EventSource(`${location.pathname}live/`);
            events.onmessage = read;
            events.addEventListener('end', stop);
        }
    }

    function stop() {
        events?.close();
        events = null;
    }

    function hold(isSo) {
        isHeld = isSo;
        if (!isHeld && isStale) {
            read();
        }
    }

    document.addEventListener('DOMContentLoaded', () => {
        const isList = document.body.classList.contains('change-list') && $('#changelist-form');
        if (!isList || $('.errornote, .errorlist')) {
            return; // another page of the same admin, or one that tells what is wrong with what was sent
        }
        // Browsers open few connections to one host: pages that nobody sees have none, and read again when they are seen.
        document.addEventListener('visibilitychange', () => (document.hidden ? stop() : start()));
        window.addEventListener('pagehide', stop);
        window.addEventListener('pageshow', start);
        document.addEventListener('pointerdown', () => hold(true));
        for (const name of ['pointerup', 'pointercancel']) {
            document.addEventListener(name, () => setTimeout(hold, 0, false)); // after the click that follows
        }
        document.addEventListener('compositionstart', () => hold(true));
        document.addEventListener('compositionend', () => hold(false));
        document.addEventListener('submit', stop);
        start();
    });
}
