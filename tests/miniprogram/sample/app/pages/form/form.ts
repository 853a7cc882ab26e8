Page({
  data: {
    name: '',
    towns: [
      { code: 'a', name: '澄江' },
      { code: 'b', name: '周庄' },
    ],
    town: 0,
    columns: [
      ['澄江', '周庄'],
      ['花园', '虹桥'],
    ],
    chosen: [0, 0],
    date: '',
    time: '',
    signs: ['发热', '咳嗽'],
    sent: '',
    focused: 0,
  },
  focus() {
    this.setData({ focused: this.data.focused + 1 });
  },
  pickTown({ detail }: WechatMiniprogram.PickerChange) {
    this.setData({ town: Number(detail.value) });
  },
  turn({ detail }: WechatMiniprogram.CustomEvent<{ column: number; value: number }>) {
    if (detail.column === 0)
      this.setData({ 'columns[1]': detail.value ? ['三房巷'] : ['花园', '虹桥'] });
  },
  pickVillage({ detail }: WechatMiniprogram.CustomEvent<{ value: number[] }>) {
    this.setData({ chosen: detail.value });
  },
  pickDate({ detail }: WechatMiniprogram.PickerChange) {
    this.setData({ date: detail.value as string });
  },
  pickTime({ detail }: WechatMiniprogram.PickerChange) {
    this.setData({ time: detail.value as string });
  },
  submit({ detail }: WechatMiniprogram.FormSubmit) {
    this.setData({ sent: JSON.stringify(detail.value) });
  },
});
