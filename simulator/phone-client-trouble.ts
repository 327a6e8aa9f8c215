/** Browser script: the fault switches and the log. Part of the page's one script, see phone-client.ts. */
export const phoneTroubleScript = String.raw`
const FAILURES = [
  ['', 'no'],
  ['131016', '131016 unavailable', { code: 131016 }],
  ['131000', '131000 unknown', { code: 131000 }],
  ['130429', '130429 rate limit', { code: 130429 }],
  ['131047', '131047 window closed', { code: 131047 }],
  ['190', '190 token expired', { code: 190, details: 'Error validating access token: Session has expired' }],
  ['html', '502 HTML page', { httpStatus: 502, body: 'html' }],
  ['empty', '503 empty', { httpStatus: 503, body: 'empty' }],
];
const setting = (name, label, hint, choices) => ({ name, label, hint, choices });
const toggle = (name, label, hint, on = true, off = false) => ({ name, label, hint, on, off });
const FAULTS = [
  setting('latencyMs', 'Graph is slow', '', [['0', 'no', 0], ['500', '0.5 s', 500], ['3000', '3 s', 3000], ['15000', '15 s', 15000]]),
  setting('failNext', 'The next send fails', 'once', FAILURES),
  setting('failRate', 'Half of the sends fail', '', FAILURES),
  toggle('rateLimit', 'Rate limit', 'every send is refused: 130429'),
  toggle('pairRateLimit', 'Pair limit', 'too many to one customer: 131056'),
  toggle('failDelivery', 'Messages cannot be delivered', 'accepted, then failed: 131026', {}, null),
  toggle('acceptThenDropConnection', 'Answer is lost', 'accepted, but the connection dies'),
  toggle('acceptThenHang', 'Answer never comes', 'accepted, but no word of it'),
  toggle('refuseConnections', 'Graph is unreachable', 'nothing is accepted'),
  toggle('duplicateWebhooks', 'Webhooks come three times', 'side by side', 3, 1),
  toggle('batchWebhooks', 'Webhooks come in batches', 'up to 10, or after 2 s', { size: 10, maxWaitMs: 2000 }, null),
  toggle('reorderStatuses', 'Statuses out of order', ''),
  toggle('statusesBeforeAnswer', 'Statuses before the answer', ''),
  toggle('dropStatuses', 'Statuses are lost', ''),
];

function setFault(name, value) { call('/control/faults', { [name]: value }, 'PUT').catch(fail); }

const controls = new Map();
for (const fault of FAULTS) {
  const id = 'fault-' + fault.name;
  const control = fault.choices
    ? el('select', { id, onchange: () => {
        const chosen = fault.choices[control.selectedIndex][2];
        const value = fault.name === 'latencyMs' ? chosen : chosen === undefined ? null
          : fault.name === 'failRate' ? { ...chosen, rate: 0.5 } : chosen;
        setFault(fault.name, value);
      } }, ...fault.choices.map(([value, label]) => el('option', { value, textContent: label })))
    : el('input', { id, type: 'checkbox', role: 'switch', onchange: () => setFault(fault.name, control.checked ? fault.on : fault.off) });
  const left = el('small', {});
  const row = el('label', { className: 'fault', htmlFor: id }, el('span', {}, fault.label, left), control);
  controls.set(fault, { control, row, left });
  $('faults').append(row);
}

function choiceOf(fault, value) {
  if (typeof value === 'number') return String(value);
  if (!value) return '';
  if (value.ms) return String(value.ms);
  return value.body === 'html' || value.body === 'empty' ? value.body : String(value.code || 131016);
}

function renderFaults() {
  for (const [fault, { control, row, left }] of controls) {
    const value = state.faults[fault.name];
    const on = Boolean(value) && value !== fault.off;
    const times = value && typeof value === 'object' && value.times;
    row.classList.toggle('on', on);
    left.textContent = times ? times + ' more times' : fault.hint;
    if (fault.choices) control.value = choiceOf(fault, value);
    else control.checked = on;
  }
}

$('all-well').addEventListener('click', () => {
  const off = {};
  for (const fault of FAULTS) off[fault.name] = fault.choices ? (fault.name === 'latencyMs' ? 0 : null) : fault.off;
  call('/control/faults', off, 'PUT').catch(fail);
});

function renderLog() {
  $('log').replaceChildren(...state.log.slice(-60).reverse().map((entry) => el('li', { className: entry.ok ? '' : 'bad' },
    el('time', { textContent: clock(entry.at, true) }),
    el('b', { textContent: entry.status || '—' }),
    el('span', { textContent: (entry.kind === 'webhook' ? '→ ' : '← ') + entry.what, title: entry.kind === 'webhook' ? 'Webhook to your server' : 'Call of your server' }),
    entry.note ? el('small', { textContent: entry.note }) : null)));
}
`;
