const SERVER = 'http://127.0.0.1:8000';

/** Resolves with the answer's data, rejects with WeChat's errMsg. */
export async function get<T>(path: string): Promise<T> {
  try {
    const { answer } = await request(SERVER + path);
    return answer as T;
  } catch (error) {
    throw new Error((error as { errMsg: string }).errMsg);
  }
}

/** One wx.request as a promise. */
export function request(
  url: string,
  method: 'GET' | 'POST' = 'GET',
  data?: WechatMiniprogram.IAnyObject,
  abort = false,
): Promise<{ statusCode: number; answer: unknown }> {
  return new Promise((resolve, reject) => {
    const task = wx.request({
      url,
      method,
      data,
      success: ({ statusCode, data: answer }) => resolve({ statusCode, answer }),
      fail: reject,
    });
    if (abort) task.abort();
  });
}
