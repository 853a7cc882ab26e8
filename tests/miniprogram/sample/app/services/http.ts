const SERVER = 'http://127.0.0.1:8000';

/** Resolves with the answer's data, rejects with WeChat's errMsg. */
export function get<T>(path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    wx.request<T & WechatMiniprogram.IAnyObject>({
      url: SERVER + path,
      success: ({ data }) => resolve(data),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    });
  });
}
