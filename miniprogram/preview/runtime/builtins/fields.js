// Built-ins that hold a value: input, textarea, checkbox, radio, switch, slider, picker.
import { accepted, create, fire, host, register, setAttribute } from './element.js';
import { pickFrom } from '../dialogs/picker.js';

export const fields = (space) => ({
  input: register(space, 'input', textField('input')),
  textarea: register(space, 'textarea', textField('textarea')),
  'checkbox-group': register(space, 'checkbox-group', choiceGroup('checkbox')),
  checkbox: register(space, 'checkbox', choice('checkbox')),
  'radio-group': register(space, 'radio-group', choiceGroup('radio')),
  radio: register(space, 'radio', choice('radio')),
  switch: register(space, 'switch', switchField),
  slider: register(space, 'slider', slider),
  picker: register(space, 'picker', picker),
});

const INPUT_MODES = { text: 'text', number: 'numeric', digit: 'decimal', idcard: 'text' };

/** Make the element a form field. */
function asField(component, element, get, reset) {
  element.__field = {
    get name() {
      return component.data.name;
    },
    get,
    reset,
  };
}

const labelled = {
  disabled(disabled) {
    this.control.disabled = disabled;
  },
  ariaLabel(label) {
    setAttribute(this.control, 'aria-label', label);
  },
};

const textField = (tag) => ({
  properties: {
    name: String,
    value: String,
    type: { type: String, value: 'text' },
    password: Boolean,
    placeholder: String,
    disabled: Boolean,
    maxlength: { type: Number, value: 140 },
    focus: Boolean,
    autoHeight: Boolean,
    ...accepted(
      'placeholderClass placeholderStyle confirmType confirmHold cursorSpacing adjustPosition ' +
        'showConfirmBar disableDefaultPadding',
    ),
  },
  created(element) {
    this.control = create(tag, { autocomplete: 'off', maxLength: this.data.maxlength });
    const { control } = this;
    element.append(control);
    control.addEventListener('input', (event) => {
      event.stopPropagation();
      this.setData({ value: control.value });
      fire(this, 'input', { value: control.value, cursor: control.selectionStart });
    });
    control.addEventListener('focus', () => fire(this, 'focus', { value: control.value }));
    control.addEventListener('blur', () => fire(this, 'blur', { value: control.value }));
    control.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && tag === 'input' && !event.isComposing)
        fire(this, 'confirm', { value: control.value });
    });
    asField(
      this,
      element,
      () => control.value,
      () => this.setData({ value: '' }),
    );
  },
  observers: {
    ...labelled,
    value(value) {
      if (this.control.value !== value) this.control.value = value;
    },
    placeholder(text) {
      this.control.placeholder = text;
    },
    maxlength(length) {
      setAttribute(this.control, 'maxlength', length < 0 ? '' : String(length));
    },
    'type, password'() {
      if (tag !== 'input') return;
      const { type, password } = this.data;
      if (!(type in INPUT_MODES)) console.error(`[preview] input type "${type}" is not simulated`);
      this.control.type = password ? 'password' : 'text';
      this.control.inputMode = INPUT_MODES[type] ?? 'text';
    },
    autoHeight(auto) {
      this.control.style.fieldSizing = auto ? 'content' : '';
      host(this).style.height = auto ? 'auto' : '';
    },
    focus(focus) {
      if (focus) requestAnimationFrame(() => this.control.focus());
    },
  },
});

/** checkbox and radio */
const choice = (type) => ({
  properties: { value: String, checked: Boolean, disabled: Boolean, color: String },
  created(element) {
    this.control = create('input', { type });
    element.append(this.control);
  },
  observers: {
    ...labelled,
    checked(checked) {
      this.control.checked = checked;
    },
    color(color) {
      this.control.style.accentColor = color;
    },
  },
});

const choiceGroup = (type) => ({
  role: type === 'radio' ? 'radiogroup' : 'group',
  properties: { name: String },
  created(element) {
    const items = () => [...element.querySelectorAll(`wx-${type}`)].map((item) => item.__builtin);
    const value = () => {
      const chosen = items().filter((item) => item.control.checked);
      const values = chosen.map((item) => item.data.value);
      return type === 'radio' ? (values[0] ?? '') : values;
    };
    const reset = () => items().forEach((item) => (item.control.checked = false));
    asField(this, element, value, reset);
    element.addEventListener('change', (event) => {
      event.stopPropagation();
      if (type === 'radio')
        for (const { control } of items()) if (control !== event.target) control.checked = false;
      fire(this, 'change', { value: value() });
    });
  },
});

const switchField = {
  properties: { name: String, checked: Boolean, disabled: Boolean, color: String },
  created(element) {
    this.control = create('input', { type: 'checkbox', role: 'switch' });
    const { control } = this;
    element.append(control);
    control.addEventListener('change', (event) => {
      event.stopPropagation();
      fire(this, 'change', { value: control.checked });
    });
    asField(
      this,
      element,
      () => control.checked,
      () => (control.checked = false),
    );
  },
  observers: {
    ...labelled,
    checked(checked) {
      this.control.checked = checked;
    },
    color(color) {
      host(this).style.setProperty('--switch-on', color || 'var(--brand)');
    },
  },
};

const slider = {
  properties: {
    name: String,
    min: Number,
    max: { type: Number, value: 100 },
    step: { type: Number, value: 1 },
    value: Number,
    disabled: Boolean,
    activeColor: String,
    ...accepted('backgroundColor blockSize blockColor'),
  },
  created(element) {
    this.control = create('input', { type: 'range' });
    const { control } = this;
    element.append(control);
    control.addEventListener('input', (event) => {
      event.stopPropagation();
      fire(this, 'changing', { value: Number(control.value) });
    });
    control.addEventListener('change', (event) => {
      event.stopPropagation();
      fire(this, 'change', { value: Number(control.value) });
    });
    asField(
      this,
      element,
      () => Number(control.value),
      () => (control.value = this.data.min),
    );
  },
  observers: {
    ...labelled,
    'min, max, step, value'() {
      const { min, max, step, value } = this.data;
      Object.assign(this.control, { min, max, step });
      this.control.value = value;
    },
    activeColor(color) {
      this.control.style.accentColor = color;
    },
  },
};

const picker = {
  role: 'button',
  focusable: true,
  properties: {
    name: String,
    mode: { type: String, value: 'selector' },
    range: { type: Array, value: [] },
    rangeKey: String,
    value: null,
    start: String,
    end: String,
    fields: { type: String, value: 'day' },
    headerText: String,
    disabled: Boolean,
  },
  observers: {
    disabled(disabled) {
      setAttribute(host(this), 'aria-disabled', disabled ? 'true' : '');
    },
    range() {
      this.redraw?.(); // a page may answer columnchange with another range
    },
  },
  created(element) {
    asField(
      this,
      element,
      () => this.data.value,
      () => this.setData({ value: '' }),
    );
    this._$.addListener('tap', async () => {
      if (this.data.disabled) return;
      const value = await pickFrom(this, (column, index) =>
        fire(this, 'columnchange', { column, value: index }),
      );
      this.redraw = undefined;
      if (value === null) {
        fire(this, 'cancel');
        return;
      }
      this.setData({ value });
      fire(this, 'change', { value });
    });
  },
};
