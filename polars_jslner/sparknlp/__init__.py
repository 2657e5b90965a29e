"""Spark NLP's text processing, stage by stage, exactly as the JVM does it.

Pure functions over texts and flat arrays; no file is read and no model is run here.
The stages in order, each taking what the one before it gives:

    cleanup      texts -> texts                  DocumentAssembler
    pragmatic    texts -> Sentences              SentenceDetector
    sentence_dl  Units -> Sentences              SentenceDetectorDLModel
    tokenizer    Sentences -> Tokens             TokenizerModel
    grouping     Sentences, Tokens -> Groups     which tokens a sentence has
    wordpiece    Tokens, Groups -> Pieces        BERT, DistilBERT
    bytebpe      Tokens, Groups -> Pieces        RoBERTa
    tags         Pieces, logits -> Tags          ...ForTokenClassification
    converter    Groups, Tags -> Chunks          NerConverter, NerConverterInternal
    annotation   any of them -> Annotation columns

Positions are those of the JVM: UTF-16 code units, the end inclusive.
"""
