package protocol

// httpModels are those that train and serve models.
var httpModels = []httpProduct{
	{
		name: "Ollama",
		is:   every(body("Ollama is running"), fieldBegins("Content-Type", "text/plain")),
		asks: []httpAsk{{"/api/version", object("version")}},
	}, {
		name: "vLLM",
		hint: object("", "detail=Not Found"),
		asks: []httpAsk{{"/v1/models", object("", "object=list", "data.0.object=model", "data.0.owned_by=vllm")}},
	}, {
		name: "SGLang",
		hint: object("", "detail=Not Found"),
		asks: []httpAsk{{"/v1/models", object("", "object=list", "data.0.object=model", "data.0.owned_by=sglang")}},
	}, {
		name: "llama.cpp",
		is:   fieldIs("Server", "llama.cpp"),
	}, {
		name: "ComfyUI",
		hint: title("ComfyUI"),
		asks: []httpAsk{{"/system_stats",
			either(object("system.comfyui_version", "system.python_version", "devices[]"),
				object("", "system.python_version", "devices[]"))}},
	}, {
		name: "Open WebUI",
		hint: title("Open WebUI"),
		asks: []httpAsk{{"/api/config", object("version", "name", "features{}")}},
	}, {
		name: "Gradio",
		is:   markup(`window.gradio_config = {"version":"`),
	}, {
		name: "Streamlit",
		hint: title("Streamlit"),
		asks: []httpAsk{{"/_stcore/health", body("ok")}},
	}, {
		name: "MLflow",
		hint: title("MLflow"),
		asks: []httpAsk{{"/version", plainVersion}},
	}, {
		name: "TensorBoard",
		hint: title("TensorBoard"),
		asks: []httpAsk{{"/data/environment", object("version", "data_location")}},
	}, {
		name: "Ray",
		hint: title("Ray Dashboard"),
		asks: []httpAsk{{"/api/version", object("ray_version", "ray_commit")}},
	}, {
		name: "Dask",
		hint: every(redirect("/status"), fieldBegins("Server", "TornadoServer/")),
		asks: []httpAsk{{"/health", body("ok")}},
	},
}
