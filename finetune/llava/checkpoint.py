"""Checkpoints of a LLaVA that transformers and vLLM both load: made, saved, loaded back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from transformers import (
    AutoProcessor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    SiglipVisionConfig,
)

from finetune.llava.config import LlavaSettings
from finetune.llava.induction_heads import start_from_circuits
from finetune.llava.tokenizer import (
    ASSISTANT,
    CHAT_TEMPLATE,
    END,
    IMAGE,
    PAD,
    token_texts,
    train_tokenizer,
)

WEIGHTS = "model.safetensors"
_TOWER, _VLLM_TOWER = "vision_tower.", "vision_tower.vision_model."


def make_processor(settings: LlavaSettings) -> LlavaProcessor:
    """Tokenizer, image processor and chat template of a configuration."""
    trained = train_tokenizer(
        settings.tokenizer.vocabulary,
        settings.tokenizer.line_ids,
        settings.tokenizer.documents,
        settings.seed,
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained,
        pad_token=PAD,
        eos_token=END,
        extra_special_tokens={"image_token": IMAGE},
        clean_up_tokenization_spaces=False,
        model_max_length=settings.language.context,
        padding_side="right",
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return LlavaProcessor(
        image_processor=_image_processor(settings),
        tokenizer=tokenizer,
        patch_size=settings.vision.patch,
        vision_feature_select_strategy="full",
        chat_template=CHAT_TEMPLATE,
        image_token=IMAGE,
    )


def _image_processor(settings: LlavaSettings) -> Any:
    # The variant that needs Pillow and numpy only; torchvision is no part of the training install.
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    side = settings.vision.image
    return SiglipImageProcessorPil(size={"height": side, "width": side})


def pixel_values(grey: NDArray[np.uint8], device: torch.device | str = "cpu") -> torch.Tensor:
    """What the image processor makes of grey pictures of its size: (pictures, side, side) levels
    to (pictures, 3, side, side) floats."""
    levels = torch.from_numpy(grey).to(device).double().mul(1 / 255).float()
    return ((levels - 0.5) / 0.5)[:, None].expand(-1, 3, -1, -1)


def make_model(settings: LlavaSettings, processor: LlavaProcessor) -> LlavaForConditionalGeneration:
    """An untrained model in float32, the same for the same settings."""
    torch.manual_seed(settings.seed)
    tokenizer = processor.tokenizer
    model = LlavaForConditionalGeneration(_model_config(settings, tokenizer))
    if settings.language.induction:
        generator = torch.Generator().manual_seed(settings.seed)
        spelt = token_texts(tokenizer.backend_tokenizer)
        theta = settings.language.rope_theta
        start_from_circuits(model.model.language_model, spelt, theta, generator)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model


def _model_config(settings: LlavaSettings, tokenizer: PreTrainedTokenizerFast) -> LlavaConfig:
    language, vision = settings.language, settings.vision
    text_config = LlamaConfig(
        vocab_size=settings.tokenizer.vocabulary,
        hidden_size=language.hidden,
        intermediate_size=language.intermediate,
        num_hidden_layers=language.layers,
        num_attention_heads=language.heads,
        num_key_value_heads=language.heads,
        head_dim=language.hidden // language.heads,
        max_position_embeddings=language.context,
        rope_parameters={"rope_type": "default", "rope_theta": language.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision_config = SiglipVisionConfig(
        hidden_size=vision.hidden,
        intermediate_size=vision.intermediate,
        num_hidden_layers=vision.layers,
        num_attention_heads=vision.heads,
        image_size=vision.image,
        patch_size=vision.patch,
        vision_use_head=False,
    )
    return LlavaConfig(
        vision_config=vision_config,
        text_config=text_config,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=vision.tokens,
        vision_feature_select_strategy="full",
        # The last layer but one, as in LLaVA; what transformers gives for the last one has been
        # normalised, what vLLM gives has not.
        vision_feature_layer=-2,
        tie_word_embeddings=True,
    )


def save_checkpoint_folder(
    model: LlavaForConditionalGeneration,
    processor: LlavaProcessor,
    folder: Path,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a folder that ``transformers`` and ``vllm serve`` load, with weights in ``dtype``."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.detach().to("cpu", dtype).contiguous() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)  # it is the embedding; a copy would be saved twice
    model.config.dtype = dtype
    for part in (model.config.text_config, model.config.vision_config):
        part.dtype = dtype
    model.save_pretrained(folder, state_dict=state, max_shard_size="100GB")
    rename_for_vllm(folder / WEIGHTS)
    processor.save_pretrained(folder)


def rename_for_vllm(weights: Path) -> None:
    """Give the tower's weights the names that vLLM looks for: ``vision_tower.vision_model.…``.
    transformers 5 saves them without ``vision_model`` and reads both."""
    tensors = load_file(weights)
    renamed = {}
    for name, tensor in tensors.items():
        if _TOWER in name and _VLLM_TOWER not in name:
            name = name.replace(_TOWER, _VLLM_TOWER, 1)
        renamed[name] = tensor
    save_file(renamed, weights, metadata={"format": "pt"})


def load_checkpoint_folder(
    folder: Path, dtype: torch.dtype = torch.float32
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor]:
    """Model (in evaluation mode) and processor of a folder. Raises ValueError if it is none, or
    if weights in it are missing or unknown."""
    if not (folder / "config.json").is_file():
        raise ValueError(f"{folder}: no checkpoint; make one with python -m finetune.llava build")
    model, report = LlavaForConditionalGeneration.from_pretrained(
        folder, dtype=dtype, output_loading_info=True
    )
    wrong = {k: sorted(v) for k, v in report.items() if v and k != "error_msgs"}
    if wrong:
        raise ValueError(f"{folder}: weights do not fit the model: {wrong}")
    return model.eval(), AutoProcessor.from_pretrained(folder)


def check_generates(model: LlavaForConditionalGeneration, processor: LlavaProcessor) -> str:
    """What the model says of a grey picture, at most 8 tokens. Raises RuntimeError if the picture
    does not change its output, or if it does not answer."""
    from PIL import Image

    user = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "L1| Total"}]}
    text = processor.apply_chat_template([user], add_generation_prompt=True)
    seen = []
    for grey in (40, 220):
        picture = Image.new("RGB", (200, 300), (grey, grey, grey))
        inputs = processor(images=picture, text=text, return_tensors="pt")
        inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
        with torch.no_grad():
            seen.append(model(**inputs).logits[0, -1].float())
            ids = model.generate(**inputs, max_new_tokens=8, do_sample=False)
    if torch.equal(*seen):
        raise RuntimeError("the picture does not reach the language model; check the image token")
    new = ids[0, inputs["input_ids"].shape[1] :]
    if not len(new):
        raise RuntimeError(f"nothing was generated after {ASSISTANT}")
    return processor.tokenizer.decode(new)
