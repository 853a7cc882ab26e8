// The wheel at the bottom of the screen, drawn with the browser's own controls.
import { button, element, pressByEnter, showDialog } from './layer.js';
import { sheet } from './messages.js';

const DATE_INPUT = { day: 'date', month: 'month' };

/**
 * Let the user choose for a `<picker>`.
 * @param {object} picker the component; its `redraw` is called when its range changes
 * @param {(column: number, index: number) => void} columnChanged
 * @returns {Promise<string | number[] | null>} null when cancelled
 */
export async function pickFrom(picker, columnChanged) {
  const { mode, range, headerText } = picker.data;
  if (mode === 'selector') {
    const index = await sheet(range.map(labelOf(picker)), headerText || '请选择');
    return index === null ? null : String(index);
  }
  if (mode === 'multiSelector') return pickColumns(picker, columnChanged);
  if (mode === 'date' || mode === 'time') return pickMoment(picker.data);
  console.error(`[preview] picker mode "${mode}" is not simulated`);
  return null;
}

const labelOf = (picker) => (item) => {
  const { rangeKey } = picker.data;
  return String(rangeKey ? item[rangeKey] : item);
};

function pickMoment({ mode, value, start, end, fields, headerText }) {
  const input = element('input');
  input.type = mode === 'time' ? 'time' : DATE_INPUT[fields];
  Object.assign(input, { min: start, max: end, value: value ?? '', required: true });
  // WeChat's wheel ends at start and end; what is typed here may not
  return wheel(headerText, [input], () => (input.reportValidity() ? input.value : null));
}

function pickColumns(picker, columnChanged) {
  const chosen = [...(picker.data.value || [])];
  const columns = picker.data.range.map(() => element('select'));
  picker.redraw = () => {
    columns.forEach((select, column) => {
      const items = picker.data.range[column].map(labelOf(picker));
      select.replaceChildren(...items.map((text, index) => new Option(text, String(index))));
      chosen[column] = Math.min(chosen[column] ?? 0, items.length - 1);
      select.selectedIndex = chosen[column];
    });
  };
  columns.forEach((select, column) => {
    select.setAttribute('aria-label', `第 ${column + 1} 列`);
    select.addEventListener('change', () => {
      chosen[column] = select.selectedIndex;
      columnChanged(column, select.selectedIndex);
    });
  });
  picker.redraw();
  return wheel(picker.data.headerText, columns, () => columns.map((one) => one.selectedIndex));
}

/** `read` gives what was chosen, or null to be asked again. */
function wheel(title, controls, read) {
  return showDialog(
    title || '请选择',
    (box, close) => {
      if (title) box.append(element('h2', '', title));
      const confirm = () => {
        const chosen = read();
        if (chosen !== null) close(chosen);
      };
      const row = element('div', 'dialog-buttons');
      row.append(
        button('取消', () => close(null)),
        button('确定', confirm, 'primary'),
      );
      for (const control of controls) pressByEnter(control, confirm);
      box.append(element('div', 'wheel', ...controls), row);
    },
    'sheet',
  );
}
